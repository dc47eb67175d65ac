### What guests read, in Simplified Chinese. 您 throughout; full-width punctuation.

## Everywhere

guest-questions = 如有疑问，请联系{ $contact }
guest-forget = 不是{ $household }？在这台设备上移除这份邀请
guest-child = 小孩
guest-child-age = { $age ->
    [0] 小孩，不满1岁
   *[other] 小孩，{ $age }岁
}
guest-of = { $name }的同伴
guest-above-allowance = 超出约定人数
guest-your-time = 您所在地的时间：{ $time }
guest-back = 返回邀请

# Between things of a list, and between two sentences.
list-comma = ，
sentence-space = { "" }

## Answers, as stored

reply-yes = 出席
reply-no = 不出席
reply-undecided = 未定
reply-pending = 尚未回复
reply-waitlisted = 候补名单
reply-waitlisted-explained = 一有空位，我们就会通知您。
reply-waitlisted-look = 一有空位，您会在本页看到。
reply-waits = 您在候补名单上：{ $events }。

count-yes = { $n }位出席
count-no = { $n }位不出席
count-partly = { $n }位部分回复
count-undecided = { $n }位未定
count-waitlisted = { $n }位候补
count-pending = { $n }位尚未回复

## Closing of answers

closing-day = 请在{ $date }（含当日）之前回复。在此之前，您可以随时更改。
closing-moment = 请在{ $moment }之前回复。在此之前，您可以随时更改。
closing-tonight = 请在今天回复：今晚午夜截止。
closing-today = 请在今天回复：{ $time }截止。
closing-days = 还有{ $n }天。
closing-soon = { $n ->
    [1] 截止日就是明天，{ $weekday }。
   *[other] 截止日在{ $n }天后，{ $weekday }。
}
closing-change-day = 在{ $date }（含当日）之前，您可以随时更改回复。
closing-change-moment = 在{ $moment }之前，您可以随时更改回复。
closing-change-open = 您可以随时更改回复。
closing-passed = 您填写期间，回复已经截止。请重新载入页面，查看您已保存的回复。

closed-title = 回复已于{ $date }截止
closed-title-undated = 回复已经截止
closed-text = 以下是我们收到的回复。
closed-text-none = 我们没有收到您的回复。
closed-ask = 如需更改，请联系{ $contact }。
closed-ask-none = 如仍想回复，请联系{ $contact }。
locked-title = 您的回复已交到主人手中
locked-title-none = 您这份邀请的回复已经关闭
locked-text = 如需更改回复，请联系主人。
locked-text-none = 如仍想回复，请联系主人。
locked-ask = 如需更改回复，请联系{ $contact }。

## Tones: how a household is spoken to

salutation-formal = 尊敬的{ $household }：
salutation-casual = 亲爱的{ $household }：
salutation-fun = { $household }，您好！

saved-coming-formal = 已保存，谢谢您。届时恭候您的到来。
saved-coming-casual = 已保存，谢谢您。期待与您相见。
saved-coming-fun = 已保存，谢谢您。那天可少不了您！
saved-declined-formal = 已保存，谢谢您告知。未能相聚，我们深感遗憾。
saved-declined-casual = 已保存，谢谢您告诉我们。未能相聚，我们会想念您的。
saved-declined-fun = 已保存。好可惜呀！那天没有您，总少了一份热闹。
saved-waiting = 已保存。您在候补名单中。
saved-partly = 已保存，谢谢您。还有一些回复尚未填写。

## Code entry

code-title = 打开您的邀请
code-label = 请柬上的邀请码
code-hint = 5到8个字母或数字
code-open = 打开
code-preview = 输入请柬上的邀请码，即可查看邀请并回复。
code-alike = O 与 0，以及 I、L 与 1 视为相同。大小写和空格不影响。
code-hosts = 主人登录
code-malformed = 邀请码由5到8个字母或数字组成。
code-unknown = 我们找不到这个邀请码。O 与 0，以及 I、L 与 1 视为相同。
code-elsewhere = 这个页面打开太久了。请再发送一次邀请码。
code-too-many = 尝试次数太多。请在{ $minutes }分钟后再试。主人发来的链接，以及曾在此浏览器中打开过的邀请，仍然可以打开。
code-too-many-hours = 尝试次数太多。请在{ $hours }小时后再试。主人发来的链接，以及曾在此浏览器中打开过的邀请，仍然可以打开。
code-name-label = 邀请上的一个姓名
code-name-hint = 只写姓或名即可。
code-name-required = 最近有人多次尝试错误的邀请码。要打开您的邀请，请同时填写邀请上的一个姓名。
code-unknown-name = 我们找不到与这个姓名相符的邀请码。O 与 0，以及 I、L 与 1 视为相同。
code-known = 曾在这台设备上打开
code-continue = 继续
code-continue-as = 以{ $household }的身份继续

## Portal

portal-title-open = 回复邀请
portal-title-partly = 已回复一部分
portal-title-answered = 您的回复
portal-title-closed = 回复已截止
portal-answer = 回复邀请
portal-answer-rest = 补全回复
portal-change = 更改回复
portal-answered = 我们已收到您的回复：{ $counts }。
portal-partly = 目前：{ $counts }。
portal-the-day = 当天安排
portal-the-days = 各日安排
portal-today = 就在今天
portal-days-left = 还有{ $n }天
portal-map = 地图
portal-google-maps = Google 地图
portal-waze = Waze
portal-google-calendar = Google 日历
preview-household = 陈府
portal-outlook = Outlook
portal-calendar = 添加到日历
portal-schedule = 流程
portal-dress = 着装：{ $dress }
portal-yours = 您的回复
people-diets = 饮食需求：{ $diets }
portal-more = 更多
portal-code = 您的邀请码：{ $code }

tile-dietary = 饮食需求
tile-note = 给主人的留言
tile-none = 尚未填写
tile-diets = 已为{ $n }位填写
tile-note-written = 已留言

## The household form

answer-title = 您会出席吗？
answer-intro = 请为每一位分别回复。也可以先留空，稍后再填。
answer-jump = 跳到
answer-everyone = 全部出席
answer-everyone-done = 各位现已全部标为出席，但还没有保存。
answer-nobody = 全都不能出席
answer-nobody-done = 各位现已全部标为不出席，但还没有保存。
answer-undo = 撤销

choice-yes = 出席
choice-no = 不出席
choice-undecided = 未定
choice-yes-to = 出席{ $event }，{ $person }
choice-no-to = 不出席{ $event }，{ $person }
choice-undecided-to = 未定是否出席{ $event }，{ $person }
choice-left = 还剩{ $n }个名额
choice-full = 名额已满
choice-full-waiting = 名额已满：可候补
choice-left-list = 如需更多名额，将列入候补名单。

answer-name = 姓名
answer-add-name = 填写姓名
answer-correct-name = 更正姓名
answer-child = 是小孩
answer-age = 年龄
answer-age-unknown = 未说明
answer-age-baby = 不满1岁
answer-remove = 移除{ $name }
answer-remove-unnamed = 移除这一位
answer-removed = 保存后移除。撤销
answer-taken-back = 已移除。撤销

answer-bring = 携伴出席
answer-bring-family = 携家人或同伴出席
answer-places-people = 您可以带{ $allowed }位同伴；{ $left ->
    [0] 已没有名额
   *[other] 还剩{ $left }个名额
}。
answer-places-children = 您可以带{ $allowed }个小孩；{ $left ->
    [0] 已没有名额
   *[other] 还剩{ $left }个名额
}。
answer-places-both = 还剩{ $children }个小孩名额和{ $guests }个同伴名额。
answer-new-person = 第{ $n }位
answer-comes = 这一位会出席
answer-all-events = 与您参加相同的场次，或只参加部分场次
answer-add = 添加一位
answer-add-child = 添加一个小孩
answer-only-children = 只剩小孩的名额。

answer-diets = 饮食需求
answer-diets-count = 饮食需求（{ $n }）
answer-diets-for = { $name }的饮食需求
answer-diets-purpose = 饮食需求：仅供厨房使用，活动结束30天后删除。
answer-noted = 在您保存之前，主人可以看到这份表单在哪几天被打开过，以及未能保存时缺少了哪一项，但看不到您填写的内容。
answer-noted-days = { $n ->
    [1] 至今打开过1次：{ $last }。
   *[other] 至今打开过{ $n }次，首次是{ $first }，最近一次是{ $last }。
}
answer-noted-refused = { $day }未能保存。
answer-noted-missing = { $day }未能保存：缺少“{ $field }”。
answer-diets-note = 其他需要厨房知道的事
answer-diets-nobody = 没有人出席，因此无需填写饮食需求。

answer-note = 给{ $hosts }的留言
answer-note-hint = 只有主人会看到。
answer-note-left = 还可以写{ $n }个字（上限4,000字）

answer-count = 已回复{ $n }位，共{ $total }位
answer-save = 保存
answer-saving = 正在保存……
answer-unsaved = 尚未保存
answer-saved-at = 已于{ $time }保存
answer-failed = 没有保存成功。您的回复还在这里，请再试一次。
answer-elsewhere = 这个页面打开太久，还没有保存。您的回复还在这里，请再保存一次。
answer-draft = 您上次未保存的内容还在这里。
answer-discard = 放弃这些内容
answer-error-title = 错误：{ $title }

complaint-name-required = 请填写同伴的姓名，或移除这一位。
complaint-name-long = 姓名太长，最多{ $n }个字。
complaint-age = 请选择0到17岁之间的年龄。
complaint-choice = 请选择其中一项回复。
complaint-not-invited = 这一位没有受邀参加{ $event }。
complaint-plus-ones = 您可以带{ $allowed }位同伴；{ $left ->
    [0] 已没有名额
   *[other] 还剩{ $left }个名额
}。
complaint-only-children = 只剩小孩的名额。如果是小孩，请勾选“是小孩”。
complaint-children = 您可以带{ $allowed }个小孩；{ $left ->
    [0] 已没有名额
   *[other] 还剩{ $left }个名额
}。
complaint-guests = 一份邀请最多{ $n }人。
complaint-full = { $event }名额不足：{ $left ->
    [0] 已没有名额
   *[other] 还剩{ $left }个名额
}。
complaint-diet-note = 您选择了“其他”，请向厨房说明具体需求。
complaint-diet-unknown = 请从列表中选择。
complaint-too-long = 内容太长，最多{ $n }个字。
complaint-named-guest = 只有主人可以移除此人。

## Food needs that every occasion starts with

diet-vegetarian = 素食
diet-vegan = 纯素
diet-gluten-free = 不含麸质
diet-dairy-free = 不含奶
diet-nut-allergy = 坚果过敏
diet-shellfish-allergy = 虾蟹贝类过敏
diet-halal = 清真
diet-kosher = 犹太洁食
diet-no-beef = 不吃牛肉
diet-no-pork = 不吃猪肉
diet-other = 其他

## 主人另外想了解的

question-household-ask = 想请您全家回答的几个问题
question-household = 您全家
question-required = 出席者请回答。
question-coming = 仅在出席时填写。
question-open = 未回答
question-yes = 是
question-no = 否
complaint-question-required = 请回答：{ $question }
complaint-question-number = 请填写整数：{ $question }
complaint-question-date = 请按 2027-01-16 的格式填写日期：{ $question }
complaint-question-choice = 请从列表中选择：{ $question }
complaint-question-long = 太长了，最多 { $n } 个字：{ $question }
complaint-question-gone = 其中一个问题已不再询问。请检查表格后重新保存。

## Confirmation

saved-title = 已保存
saved-counts = { $counts }。
saved-calendar = 添加到日历
saved-mail = 我们会将副本寄到{ $address }。
saved-no-mail = 本网站尚未允许主人自由发送邮件，因此我们不会寄出副本。您的回复已保存，可在此查看。
saved-no-server = 本网站不发送邮件，因此我们不会寄出副本。您的回复已保存，可在此查看。

## Food needs and note by themselves

dietary-title = 饮食需求
dietary-intro = 请为每位会出席或尚未确定的人填写。
note-title = 您的留言

## Changed meanwhile

conflict-title = 您填写期间，有人更改了内容
conflict-text = 请选择要保留的内容。
conflict-saved = 他人保存的：{ $value }
conflict-yours = 您填写的：{ $value }
conflict-nothing = 空白
conflict-name = { $name }的姓名
conflict-merged = 其余内容已经合并。

## Too late

late-title = 您填写但未保存的内容
late-text = 保存之前，回复已经截止。您可以复制这些内容，发给主人。

## Public page of an occasion

card-title = 请柬
card-enter = 您收到邀请了吗？
card-preparing = 准备中
card-preparing-text = 这个页面正在准备中，请稍后再来。
card-preparing-host = 只有您能看到此页面。这是草稿。

## After it, when it is archived

thanks-title = 谢谢
thanks-text = 感谢您的参与。
thanks-days-since = { $n ->
    [0] 就在今天。
    [1] 就在昨天。
   *[other] 已经过去 { $n } 天了。
}

## Mail after saving

mail-confirmation-subject = 您的回复：{ $hosts }
mail-moved-up-subject = 有位置了：{ $hosts }
mail-moved-up = 现在有了空位，您不再是候补。
mail-confirmation-list = 以下是我们收到的回复：
mail-confirmation-open = 打开邀请
mail-confirmation-or = 或前往 { $address }，输入 { $code }。
mail-confirmation-why = 您收到这封邮件，是因为有人为{ $household }保存了回复。如果不是您，请告知{ $contact }。
mail-confirmation-why-plain = 您收到这封邮件，是因为有人为{ $household }保存了回复。
mail-restricted-subject = 您的回复：{ $title }
mail-restricted-saved = 您的回复已保存：
mail-restricted-text =
    { $intro }

    { $about }

    可在此查看和更改：
    { $link }

    您收到此邮件，是因为有人在 { $site } 用此地址回复了邀请。如果不是您，请忽略此邮件。

## Mail to owners, when codes are being guessed

mail-guessing-subject = { $site }：可能有人在猜测邀请码
mail-guessing-text =
    { $name }，您好：

    { $site }上出现了大量错误的邀请码，可能有人在猜测。在此期间，输入邀请码的宾客还需填写邀请上的一个姓名。

    您无需做任何事。您发出的链接，以及曾打开过邀请的设备，都可照常使用。

    您的活动：{ $address }

## Answers without a code

card-events = 时间和地点
card-open = 没有邀请码？
card-open-button = 不用邀请码回复
card-wishes = 祝福
open-intro = 不需要邀请码：请为您自己和同行的人回复。
open-name = 您的姓名
open-attending = 您来吗？
open-party = 一共几位，包括您自己
open-party-hint = 最多 { $n } 位。
open-wish = 给{ $hosts }的祝福
open-wish-public = 主人可能会把它连同您的姓名显示在活动页面上。
open-contact = 如果愿意，请告诉主人怎样联系您。只有他们看得到。
open-email = 电子邮件
open-phone = 电话
open-has-code = 有邀请码吗？打开您的邀请
open-unconfirmed = 您的名额还需主人确认。
open-code = 以后更改用的邀请码是 { $code }，请保存好。
complaint-open-name = 请告诉我们您的姓名。
complaint-open-email = 这不是电子邮件地址。请再看一下，或者留空。
complaint-open-party = 请选择 1 到 { $n } 之间的数字。
complaint-open-event = 请为{ $event }选择一个答案。
complaint-open-full = { $event }：目前{ $left ->
    [0] 没有名额
   *[other] 只有{ $left }个名额
}留给没有邀请函的回复，请与主人联系。

## What can go wrong behind an invitation's code.
problem-invitation-not-found = 我们找不到这个邀请码。O 与 0，以及 I、L 与 1 视为相同。
    .title = 找不到这个邀请码
problem-invitation-expired = 这次活动已经结束，感谢您的参与。
    .title = 已经结束
problem-name-required = 最近有人多次尝试错误的邀请码。请同时提供邀请上的一个姓名。
    .title = 需要姓名
problem-code-malformed = 邀请码由5到8个字母或数字组成。
    .title = 请再看一下邀请码
problem-phone-digits-lost = 这个号码缺了数字：电子表格把它缩短了。请输入完整的号码，或者留空。
    .title = 请再看一下电话号码
problem-code-required = 请使用请柬上的邀请码。
    .title = 缺少邀请码
problem-party-size = 一次回复最多带 { $limit ->
    [none] 主人所定的人数
   *[other] { $limit } 人
}。
    .title = 人数太多
problem-rsvp-deadline-passed = { $day ->
    [none] 回复已经截止。
   *[other] 回复已于{ $day }截止。
}{ $contact ->
    [none] 如需更改，请联系主人。
   *[other] 如需更改，请联系{ $contact }。
}
    .title = 回复已经截止
problem-invitation-locked = { $contact ->
    [none] 如需更改回复，请联系主人。
   *[other] 如需更改回复，请联系{ $contact }。
}
    .title = 回复已经截止
problem-occasion-closed = { $contact ->
    [none] 这次活动已经关闭。如有疑问，请联系主人。
   *[other] 这次活动已经关闭。如有疑问，请联系{ $contact }。
}
    .title = 活动已经关闭
problem-feature-disabled = 主人没有使用这项功能。
    .title = 这里没有内容
problem-plus-one-limit = { $allowed ->
    [none] 没有名额再带一位了。
    [0] 没有名额再带人了。
   *[other] 您可以带{ $allowed }位。
}
    .title = 没有名额了
problem-children-limit = { $allowed ->
    [none] 没有名额再带一个孩子了。
    [0] 没有名额再带孩子了。
   *[other] 您可以带{ $allowed }个孩子。
}
    .title = 没有名额了
problem-guest-limit = { $limit ->
    [none] 这份邀请不能再加人了。
   *[other] 一份邀请最多{ $limit }人。
}
    .title = 人数过多
problem-guest-not-found = 这份邀请里没有这位宾客。
    .title = 找不到这位宾客
problem-named-guest = 这位宾客是主人指名邀请的，只有主人可以移除。
    .title = 指名邀请
problem-event-not-invited = 这位宾客没有受邀参加这一场。
    .title = 未受邀
problem-event-full = { $left ->
    [none] 没有名额了。
    [0] 没有名额了。
   *[other] 只剩{ $left }个名额。
}
    .title = 名额已满
problem-open-full = 目前无法再接受没有邀请函的回复，请与主人联系。
    .title = 暂不接受更多回复
problem-dietary-note-required = 请写明“其他”是什么。
    .title = 缺少说明

## What hosts hand to a messenger, to a telephone or to a mail program

send-subject = { $hosts }的邀请
send-invite-formal = { $hosts }诚挚邀请您拨冗光临，共庆佳期。
send-invite-casual = { $hosts }期待您的光临，一同庆祝。
send-invite-fun = { $hosts }要庆祝啦，少了您可不热闹！
# What stands in the place of still_open, when nothing is answered and when something is.
send-open-all = 我们还没有收到您的答复，很想知道您能否前来。
send-open = 感谢您的答复。尚待您确认：{ $events }。
send-remind = { $hosts }敬上
send-event = { $name }：{ $words }
send-moved = { $event }更换了地点。
send-hour = { $event }改为{ $now }（原定{ $was }），{ $zone }。
send-hour-new = { $event }定于{ $now }开始，{ $zone }。
send-day = { $event }改到{ $now }（原定{ $was }）。
send-when-where = { $event }的时间和地点都有变动。
send-changed = { $event }的时间或地点有变动。
send-end-moved = { $event }的结束时间有变动。
send-moved-was = 原定：{ $was }
send-moved-now = 现在：{ $now }
send-moved-answer = 如已回复，您的回复保持不变。更改或回复请点：
send-moved-again = 请告知我们届时您能否出席：
send-asked = 关于{ $event }，想再次请您回复。
send-cancelled = { $event }已取消。
send-back = { $event }恢复举行。
event-place-open = 地点待定
event-end-open = 结束时间未定
event-cancelled = 已取消
portal-asked-again = { $event }有变动，请再次回复您能否出席。
portal-event-changed = 自您回复后已有变动。
portal-event-was = 自您回复后已有变动。原为：{ $was }
event-cancelled-on = 原定{ $day }的{ $event }已取消。
send-thanks = 感谢您与我们共度这一天。
send-thanks-gift = 感谢您的礼物：{ $gift }
send-thanks-pictures = 当天的照片在这里：{ $link }
send-thanks-close = { $hosts }谨致谢忱
send-link = 您的请柬与回复：{ $link }
send-code = 您的邀请码：{ $code }

## Printed cards

print-by = 请最迟于{ $date }回复。
print-scan = 扫码打开请柬并回复，
print-or = 或访问 { $address } 并输入邀请码：
print-request = 敬请光临。
print-request-memorial = 敬请出席，一同追思。

## News of the hosts
news-title = 消息
news-changed = { $day }，{ $changed }有更改
