### 主人写下自己的文字之前，新活动所用的文字。

date-to-follow-text = 日期一经确定，我们就会询问谁能前来。
date-to-follow = 日期待定
# The days of the events that a household is invited to.
cover-days = { $first }至{ $last }
cover-days-both = { $first }和{ $last }
cover-days-more = { $first }及另外{ $n }天
card-back-host = 返回您的页面
new-names = { $one }与{ $other }
new-title-wedding = { $names }的婚礼
new-title-engagement = { $names }的订婚宴
new-title-birthday = { $names }的生日
new-title-children = { $names }的派对
new-title-naming = { $names }的庆祝宴
new-title-anniversary = { $names }的周年纪念
new-title-kenduri = { $names }的开放门户
new-title-company = { $names }的活动
new-title-memorial = 追思{ $names }
new-title-other = { $names }的庆祝活动
new-kicker-wedding = 喜结良缘
new-kicker-engagement = 订婚之喜
new-kicker-birthday = 生日快乐
new-kicker-children = 一起来庆祝
new-kicker-naming = 欢迎新生命
new-kicker-anniversary = 周年纪念
new-kicker-kenduri = 开放门户
new-kicker-memorial = 深切怀念
new-event-reception = 喜宴
new-event-party = 聚会
new-event-service = 追思会
new-event-dinner = 晚宴

# What an invitation says while the hosts have written no words of their own.
invitation-wedding = 诚邀您光临我们的婚礼。
invitation-engagement = 诚邀您光临我们的订婚宴。
invitation-birthday = 诚邀您与我们一同庆祝生日。
invitation-children = 欢迎来参加我们的派对！
invitation-naming = 诚邀您与我们一同欢庆宝宝的到来。
invitation-anniversary = 诚邀您与我们一同庆祝周年纪念。
invitation-kenduri = 家门敞开，欢迎您来与我们一同用餐。
invitation-company = 期待您的光临。
invitation-memorial = 诚邀您与我们一同追思。
invitation-other = 诚邀您与我们相聚。
