# The frame around every page.
shell-skip = 跳到内容
shell-language = 语言
shell-navigation = 栏目
shell-tabs = 主要栏目
shell-more = 更多
shell-account = 账户
shell-pages = 本部分的页面
shell-sign-in = 登录
shell-sign-out = 退出登录
shell-home = 回到首页
shell-own-home = 前往您的主页
shell-menu = 菜单
shell-see-site = 查看网站
shell-notices = 通知
shell-copy = 复制
shell-copied = 已复制
shell-print = 打印
shell-first = 首页
shell-more-here = 更多内容
shell-kept = 这是您填写的内容，尚未保存：
shell-send-again = 再次发送
shell-typed = 这是您填写的内容：
shell-again-by-hand = 密码、代码和文件不会保留。请返回并重新填写表单。
shell-request = 请求编号 { $id }

# Forms.
form-zone = 以{ $zone }的时间为准。
form-problem = 出现问题
form-clash = 您填写期间，有人更改了内容。您的更改尚未保存：他人保存的内容显示在每一栏下方。再次点按“{ $button }”即可保留您填写的内容。
form-clash-first = 前往第一处不同
form-count-anew = 重新计算
form-clash-stored = 他人保存的：{ $value }
value-nothing = 空白
value-yes = 是
value-no = 否

# Numbers, dates and hours.
number-thousands = ,
number-decimal = .
weekday-1 = 星期一
    .short = 周一
weekday-2 = 星期二
    .short = 周二
weekday-3 = 星期三
    .short = 周三
weekday-4 = 星期四
    .short = 周四
weekday-5 = 星期五
    .short = 周五
weekday-6 = 星期六
    .short = 周六
weekday-7 = 星期日
    .short = 周日
month-1 = 1月
    .short = 1月
month-2 = 2月
    .short = 2月
month-3 = 3月
    .short = 3月
month-4 = 4月
    .short = 4月
month-5 = 5月
    .short = 5月
month-6 = 6月
    .short = 6月
month-7 = 7月
    .short = 7月
month-8 = 8月
    .short = 8月
month-9 = 9月
    .short = 9月
month-10 = 10月
    .short = 10月
month-11 = 11月
    .short = 11月
month-12 = 12月
    .short = 12月
date-full = { $year }年{ $month }{ $day }日（{ $weekday }）
date-short = { $year }年{ $month }{ $day }日 { $weekday-short }
date-brief = { $month }{ $day }日 { $weekday-short }
date-plain = { $year }年{ $month }{ $day }日
date-day-month = { $month }{ $day }日
date-weekday-day = { $month }{ $day }日（{ $weekday }）
date-weekday = { $weekday }
date-weekday-short = { $weekday-short }
date-month = { $year }年{ $month }
date-month-short = { $month-short }
duration-minutes = { $count } 分钟
duration-hours = { $count } 小时
duration-days = { $count } 天
date-moment = { $date } { $time }
# A line above all times of a page.
date-today = 今天，{ $when }
date-tomorrow = 明天，{ $when }
time-in-zone = { $time }，{ $zone }
time-at-place = { $time }（{ $place }）
zone-line = 所有时间均为 { $zone } 时间。
time-period = { "" }
time-clock = { $hour24 }:{ $minute }
time-plain = { $hour24 }:{ $minute }
time-noon = 12:00
time-midnight = 00:00
time-range = { $from }–{ $to }
time-range-wide = { $from }–{ $to }

# The page that explains every code.
problems-title = 可能出现的问题
problems-introduction = 请求被拒绝时，会附上下列代码之一。代码不会改变，说明文字可能改变。
problems-fields = 各栏的代码

# What is wrong with a request as such.
problem-body-invalid = 无法读取这次请求。请返回后再试一次。
    .title = 无法读取
problem-request-invalid = 无法读取这个地址或请求。
    .title = 无法读取
problem-not-found = 这里没有内容，或者您无权查看。
    .title = 这个页面不在这里。
problem-method-not-allowed = 这个地址不接受这种请求。
    .title = 方式不对
problem-body-too-large = 内容超过一次可接收的上限，请减少后再发送。
    .title = 内容过多
problem-unsupported-media-type = 这个地址需要另一种内容。
    .title = 内容类型不符
problem-validation-failed = 部分内容无法保存，原因写在各栏旁边。
    .title = 出现问题
problem-csrf-failed = 页面打开太久了。请返回，重新载入后再试。
    .title = 请重新载入页面

# Versions and repeats.
problem-version-required = 请用 If-Match 或“version”说明要修改哪个版本。
    .title = 缺少版本
problem-version-conflict = 您填写期间，有人更改了内容。请选择要保留的内容。
    .title = 内容已被更改
problem-idempotency-key-reused = 这个幂等键已用于另一个请求。
    .title = 幂等键已使用
problem-idempotency-in-progress = 相同的请求仍在处理，请稍候再查询。
    .title = 仍在处理

# Limits, and our own trouble.
problem-rate-limited = 请求太多。{ $minutes ->
    [none] 请稍后再试。
   *[other] 请在{ $minutes }分钟后再试。
}
    .title = 请稍等
problem-too-many-attempts = 尝试次数太多。{ $minutes ->
    [none] 请稍后再试。
   *[other] 请在{ $minutes }分钟后再试。
}
    .title = 尝试次数太多
problem-store-busy = 尚未保存。请稍后再试。
    .title = 尚未保存
problem-saving-paused = 尚未保存。本站暂时无法连接保存第二份副本的位置，在恢复连接之前不会保存任何内容。请几分钟后再试。
    .title = 尚未保存
problem-outcome-unknown = 我们不知道这次是否已保存。请先查看，再决定是否重新提交。
    .title = 不知道是否已保存
problem-busy = 目前请求较多，请稍后再试。
    .title = 请稍候
problem-internal = 这是我们这边的问题。您填写的内容没有丢失，请再试一次。
    .title = 出了点问题

# Single fields.
field-required = 请填写此栏。
field-too-short = { $min ->
    [none] 内容太短。
   *[other] 至少{ $min }个字符。
}
field-too-long = { $max ->
    [none] 内容太长。
   *[other] 最多{ $max }个字符。
}
field-too-few = { $min ->
    [none] 至少填写 2 项。
   *[other] 至少填写 { $min } 项。
}
field-too-many = { $max ->
    [none] 数量太多。
   *[other] 最多{ $max }项。
}
field-out-of-range = { $min ->
    [none] 数值太小或太大。
   *[other] 请填{ $min }到{ $max }之间的数。
}
field-too-low = { $min ->
    [none] 数值太小。
   *[other] 至少为{ $min }。
}
field-too-high = { $max ->
    [none] 数值太大。
   *[other] 最多为{ $max }。
}
field-unknown-option = 请从所列选项中选择。
field-unknown-field = 没有这一栏。
field-wrong-type = 这里需要填写另一种内容。
field-not-allowed = 这里不能这样选择。
field-not-unique = 这一项出现了两次。
field-invalid = 内容无效。
field-amount-invalid = { $example ->
    [none] 请填写金额，例如 180.00。
   *[other] 请填写金额，例如 { $example }。
}
field-percentage-invalid = 请填写百分比，例如 19 或 19.5。
field-duration-invalid = 请填写整数。
field-currency-changed = { $currency ->
    [none] 币种已被更改。请重新打开此页，再填写金额。
   *[other] 现在的币种是 { $currency }。请重新打开此页，再填写金额。
}
field-email-invalid = 这看起来不是电子邮件地址。
field-url-invalid = 请填写以 https:// 开头的网址。
field-date-invalid = 这个日期和时间不存在。
field-time-invalid = 请用时和分填写每个时间，从 00:00 到 23:59，例如 18:30。
field-time-zone-unknown = 我们无法识别这个时区。
field-time-zone-several = 有多个时区都叫这个名字。请写其中一个：{ $names }。
field-language-unknown = 这不是语言代码。
field-ends-before-start = 结束时间早于开始时间。
field-password-short = { $min ->
    [none] 密码太短。
   *[other] 至少{ $min }个字符。
}
field-password-long = { $max ->
    [none] 密码太长。
   *[other] 最多{ $max }个字符。
}
field-password-common = 这是人们最先会猜的密码之一。
field-display-name-address = 姓名不能是网址。请去掉网址，或在每个点后面加一个空格。
field-display-name-length = { $min ->
    [none] 名称太短或太长。
   *[other] 请用{ $min }到{ $max }个字符。
}
field-image-invalid = 这不是 JPEG、PNG 或 WebP 图片，或者图片太大。
field-image-heic = 这是 iPhone 的 HEIC 文件：请直接用手机发送，或存为 JPEG。
field-not-an-image = 这不是图片。
field-picture-undescribed = 有一张图片没有说明。请在 [ 和 ] 之间用几个字写出图片的内容。
field-slug-invalid = 只能用小写字母、数字和连字符。
field-slug-reserved = 这个词另有用途。
field-confirmation-wrong = 与要求输入的内容不符。

share-title = 分享
share-link = 链接
share-copy = 复制
share-copy-link = 复制链接
share-copied = 已复制
share-share = 分享
share-email = 电子邮件
share-more = 二维码、徽章与嵌入框
share-qr = 二维码
share-badge = 放在您自己网页上的徽章
share-embed = 放在您自己网页上的嵌入框

address-private = 本站的地址是{ $address }。这台电脑或其网络以外的人无法打开含有此地址的链接和二维码。本站的管理者可在 site.url 中设置公开地址。
address-private-short = 链接只能在这台电脑或其网络中打开。
mail-stays = 本站没有邮件服务器。发出的邮件只留在本站自己的信箱里，不会送达任何人。本站的管理者可以设置邮件服务器。
mail-stays-short = 邮件已停用：本站没有邮件服务器。
cache-note = 网站前面的缓存可能还会显示它 90 秒。

# Lists that show only their beginning.
list-newest = 这里只显示最新的。
list-others-follow = 答复这些之后，会显示其余的。
