# What everybody reads.
booking-menu = 预约
booking-title = 预约时间
booking-title-with = 预约{ $name }的时间
booking-next = 下一个：{ $when }
booking-kind = 类别
booking-kind-all = 所有类别
choice-session-type = 会话类型
choice-level = 级别
choice-entry = 主题
choice-track = 方向
entry-levels = 级别
choice-all = 全部
choice-none = 无偏好
choice-pick = 请选择
booking-note-open = 留言（可选）
booking-topics-open = 话题（可选）
booking-topics-hint = 每行一个，最多 10 个。
booking-topics = 话题
booking-shows-email = 预订后，提供者可以看到我的电子邮件地址
booking-from = 从
booking-show = 显示
booking-more-filters = 更多筛选
booking-area = 地区
booking-max-price = 最高价格（{ $currency }）
booking-min-length = 至少
booking-way = 预订方式
booking-by-money = 付款或免费
booking-more = 这几天的更多时间
booking-zone-device = 所有时间均为 { $zone } 时间（按您的设备）。
booking-zone-place = 所有时间均为举行地点 { $zone } 的时间。
zone-title = 您的时区
zone-text = 请选择您看其时钟的地方。任何课程时间都不会改变。
zone-search = 城市或国家
zone-search-hint = 纽约 (New York)、印度、UTC+3
zone-find = 查找
zone-found = 查找结果
zone-nothing = 没有这个名称的地方。请试试附近的大城市、国家，或 UTC+3 这样的时差。
zone-yours = 为您推荐
zone-of-device = 您的设备所示
zone-of-site = 本网站所在地
zone-chosen = 您的选择
zone-areas = 按地区
zone-change = 更改时区
zone-area-africa = 非洲
zone-area-america = 美洲
zone-area-asia = 亚洲
zone-area-europe = 欧洲
zone-area-pacific = 澳大利亚和太平洋
zone-area-oceans = 大西洋、印度洋、南极洲
booking-at-place = { $place }（{ $reader }）
booking-zone-mails = 您的邮件
booking-zone-take-over = 邮件也使用 { $zone } 时间
booking-time-own = 按您账户的时区：{ $when }
booking-their-time = 对方时间：{ $when }
booking-nothing = 目前没有空闲时间。
booking-clear = 显示所有时间
new-slots-newsletter = 每天早上通过邮件接收新的可预约时间
booking-nothing-next = 这几天没有空闲时间。下一个是{ $day }。
booking-nothing-free = 无空闲
booking-days = { $from }至{ $to }
booking-count-free = { $count } 个空闲
booking-row = { $length }，{ $name }
booking-do = 预约
booking-free = 免费
credit-count = { $count } 个点数（{ $kind }）
plan-lasts = 有效 { $months } 个月
plan-lasts-days = 有效 { $days } 天
booking-do-credit = 用 1 个点数预订（剩余 { $count } 个）
booking-no-credit = 该时间需用点数预订，您没有点数。
booking-no-membership = 该时间仅供会员预订，您目前不是会员。购买套餐即可成为会员。
booking-credit-frozen = 您的点数暂时无法使用，因为其付款存在争议或正在退款。
plan-see = 查看套餐
plan-offered = 套餐
plan-offered-text = 有些时间用点数预订。套餐提供可用数月的点数。
plan-none = 目前没有套餐。
plan-sign-in = 登录后购买
plan-tiers-text = 会员还可以使用会员专享的内容。
plan-is-membership = 会员套餐
plan-has-review-calls = 文件可以通过通话点评。
plan-left = 仅剩 { $count } 份
plan-buy = 以 { $sum } 购买
pay-test-mode = 不涉及真实款项：本网站正在试用。
test-gateway-title = 测试支付
test-gateway-text = 此页面代替支付服务的页面，不会有任何资金流动。请选择会发生什么。
test-gateway-pay = 付款
test-gateway-pay-hint = 付款成功。您返回本网站，支付服务也会通知本网站；只计一次。
test-gateway-fail = 付款失败
test-gateway-fail-hint = 不会扣款。您返回后可以重试。
test-gateway-later = 付款，款项稍后到账
test-gateway-later-hint = 您立即返回，款项一分钟后到账，如同银行转账。
test-gateway-twice = 付款两次
test-gateway-twice-hint = 两笔付款都成功。一笔支付订单，另一笔退回。
test-gateway-first = 付款，并先通知本网站
test-gateway-first-hint = 支付服务在您返回之前通知本网站。即使您不返回，也算已付款。
test-gateway-lost = 付款后不再返回
test-gateway-lost-hint = 没有人把付款告知本网站。三分钟后本网站会自行查询。
test-gateway-wrong = 少付
test-gateway-wrong-hint = 所付金额少于订单价格。订单仍未付款，该款项会退回。
test-gateway-stuck = 付一笔无法退还的款
test-gateway-stuck-hint = 付款成功。如果您取消，退款会失败，并通知管理员。
test-gateway-dispute = 付款后提出争议
test-gateway-dispute-hint = 付款成功，随后银行提出争议。管理员会收到通知，未用的次数会被冻结。
test-gateway-told = 支付服务已把这笔付款告知本网站。
test-gateway-told-text = 即使您不返回，也已生效。
test-gateway-return = 返回网站
test-gateway-back = 不付款，返回
booking-earlier = 更早
booking-later = 更晚
booking-for = { $length }
booking-when = 时间
booking-with = 与谁
booking-where = 地点
booking-places = 名额
booking-seats = 共 { $seats } 个名额，{ $left ->
    [0] 已满
   *[other] 还剩 { $left } 个
}
booking-seats-own = 几个名额
booking-seats-hint = 最多 { $most } 个。每个：{ $price }
booking-seats-total = { $count } × { $each } = { $sum }
booking-names = 谁来参加（可选）
booking-names-hint = 每行一个名字。
booking-full = 此课程已满。
waiting-title = 候补名单
waiting-others = 另有 { $count } 人在等候。
waiting-kept-for = 如有空位，我们会为最先等候的人保留，最多 { $hours } 小时，并写信通知。届时才需付款。
waiting-seats = 需要几个名额？
waiting-seats-hint = 所需名额同时空出时才会通知您。需要较少名额的人可能先被通知。
waiting-count = { $count } 个名额
waiting-at-once = 直接为我预约
waiting-at-once-hint = 如果课程在 12 小时或更久之后开始，且您有所需的次数，则不再询问。否则会先询问您。
waiting-join = 加入候补名单
waiting-see = 可在“我的预约”中查看顺序，也可退出。
waiting-sign-in = 登录后加入候补名单
waiting-asked = 已为您保留
waiting-waiting = 您在等候
waiting-kept-until = 已为您保留 { $count } 个名额，直到 { $until }。
waiting-you-wait = 您在等候 { $count } 个名额。{ $others ->
    [0] 您前面没有人。
   *[other] 另有 { $others } 人在等候。
}
waiting-give-back = 放弃名额
waiting-leave = 退出候补名单
booking-to-cancel = 取消
booking-cancel-until = { $when } 之前可以取消或改期，没有损失。之后只能取消。
booking-cancel-until-paid = { $when } 之前可以取消或改期，没有损失。之后不退款。
booking-cancel-until-share = { $when } 之前可以取消或改期，没有损失。之后退还价格的 { $share } %。
booking-cancel-never = 开始之前可以取消，但不退款。
booking-cancel-closed-share = 仍可取消：退还价格的 { $share } %。
booking-note = 给{ $name }的留言（可选）
booking-answer-optional = { $question }（可选）
booking-hold = 您付款时，我们为您保留此时间 { $minutes } 分钟。本页不收费。
booking-to-payment = 前往付款，{ $sum }
booking-sign-in = 登录后预约
booking-register = 创建账户
booking-invited = 预订需要账户，本站账户须凭邀请开通。请向本站的负责人索取邀请。
booking-taken = 有人先您一步
booking-taken-text = 此时间已不再空闲。没有收费。
booking-others = 其他时间
booking-find = 预约时间
request-ask = 从多个时间中请求一个
offered-list-title = 预约会谈
offered-pick = 先选择会谈，再选择时间。
offered-cancel = 开始前 { $length }可免费取消。
offered-cancel-any = 开始前均可免费取消。
offered-from = { $price } 起
offered-with = 由 { $names } 提供
offered-with-anyone = 任何人
offered-places = { $count } 个名额
offered-seats-left = { $left ->
    [0] 已满
   *[other] 还剩 { $left }/{ $seats } 个名额
}
offered-single-times = 按周查看单次时间
offered-plans = 需要多次会谈？
offered-all = 所有会谈
offered-other-time = 其他时间
offered-length = 时长
offered-day = { $day }：{ $count } 个空闲时间
offered-class-day = { $day }：{ $count ->
    [0] 已满
   *[other] { $count } 个时段
}
offered-month-earlier = 更早：{ $month }
offered-month-later = 更晚：{ $month }
offered-month-nothing = { $month }没有空闲时间。
offered-morning = 上午
offered-afternoon = 下午
offered-evening = 晚上
offered-night = 深夜
offered-night-count = 午夜至早上 6 点之间有 { $count } 个
offered-clock-change = 这一天时钟会调整。
request-pick = 请选择要请求的时间。
request-back = 返回请求
booking-move-from = 目前：{ $when }。
booking-move-money = { $money ->
    [credit] 您的次数仍用于此预订。
   *[other] 您支付的 { $money } 仍用于此预订。
}
booking-move-closed = 现在改期已经太晚。此前可改期至 { $when }。
booking-moves-left = 还可以改期 { $count } 次。
feedback-mean = { $whole }.{ $tenth } / 5，共 { $count } 个评分
slot-online = 视频
slot-room-pool = 视频（使用本站会议室）
slot-in-person = 当面
slot-phone = 电话
credit-imported = 从其他系统转入

waiting-newcomer-text = 无需账户：我们会通过邮件发送链接，打开后您即进入名单。
waiting-newcomer-sent = 我们已向此地址发送邮件。请在一天内打开其中的链接，您即进入候补名单。
waiting-newcomer-unsent = 本网站不发送邮件：含有链接的邮件留在网站管理者处。请在一天内向他们索取链接。
waiting-newcomer-confirm = 这也会确认您的地址。有空位时我们会写信给您。
waiting-mail-newcomer = 加入候补名单：{ $title }，{ $begins }
waiting-said-newcomer = { $name }，您好：

    您想等候名额：{ $title }，{ $when }。
    请用此链接加入候补名单：

    { $address }

    如果您不想等候，请忽略此邮件，不会有人被列入名单。

    { $site }
waiting-said-newcomer-known = { $name }，您好：

    有人想用您的地址等候名额：{ $title }，{ $when }。
    如果是您本人，请用此链接登录，并在那里加入候补名单：

    { $address }

    如果不是您，请忽略此邮件，不会有人被列入名单。

    { $site }
booking-newcomer-name = 您的姓名
booking-newcomer-email = 您的电子邮箱
booking-newcomer-hint = 我们会发送一个确认预约的链接。
booking-newcomer-text = 无需账户：在您通过邮件确认期间，我们为您保留该时间。
booking-newcomer-sent = 请查看您的邮箱
booking-newcomer-held = 我们已向此地址发送邮件。请在 { $minutes } 分钟内打开其中的链接，在此之前该时间为您保留。
booking-newcomer-unsent = 本网站不发送邮件：含有链接的邮件留在网站管理者处。请在 { $minutes } 分钟内向他们索取链接，在此之前该时间为您保留。
booking-newcomer-no-mail = 没有收到邮件？请查看垃圾邮件文件夹，或检查地址后重试。
booking-newcomer-confirm = 确认您的预约
booking-newcomer-confirm-text = 这也会确认您的地址。之后您可以更改或取消预约。
booking-newcomer-do = 确认预约
booking-mail-newcomer = 确认您的预约：{ $title }，{ $begins }
booking-said-newcomer = { $name }，您好：

    您的时间保留至 { $until }：{ $title }，{ $when }，{ $price }。
    请用此链接确认预约：

    { $address }

    如果您没有预约，请忽略此邮件，该时间将提供给他人。

    { $site }
booking-said-newcomer-known = { $name }，您好：

    有人用您的地址预约了：{ $title }，{ $when }，{ $price }。该时间保留至 { $until }。
    如果是您本人，请用此链接登录，并在那里确认或支付：

    { $address }

    如果不是您，请忽略此邮件，该时间将提供给他人。

    { $site }
booking-said-newcomer-none = { $name }，您好：

    有人尝试用您的地址预约：{ $title }，{ $when }，{ $price }。没有为您保留时间，因为您有其他预约，或不能预约该时间。
    如果是您本人，请用此链接登录：

    { $address }

    { $site }

class-mail-subject = { $title }，{ $when }：{ $with } 的消息
class-mail-said = { $with } 写给所有参加者：
class-mail-answer = 回复此邮件不会送达 { $with }。您的预订页面会显示对方是否公开了邮箱地址：
class-notice-message = 给所有参加者的消息：{ $about }
membership-notice-ends = 您的会员资格即将到期：{ $about }
membership-said-ends = 您的会员资格即将到期。如在此之前购买同级套餐，新的会员资格会无缝接续：
membership-said-ends-with-credits = 您的会员资格即将到期，未使用的点数也会同时失效。如在此之前购买同级套餐，新的会员资格会无缝接续：
credit-notice-end = 您的点数即将到期：{ $about }
credit-said-end = 您未使用的点数即将到期。在此之前您仍可使用：
