# What a countdown shows.
countdown-unit = { $n ->
   *[other] 天
}
countdown-years = { $n } 年
countdown-months = { $n } 个月
countdown-some-days = { $n } 天
countdown-weeks = { $n } 周
countdown-since = 自{ $when }起
countdown-until = 距{ $when }
countdown-on = { $when }
countdown-longest = 此前最长
countdown-average = 此前平均
countdown-resets = 重置次数
countdown-entries = 重置记录
countdown-directory = 计日
countdown-now = 正在计时
countdown-directory-empty = 这里还没有公开的计日。
countdown-search = 标题或姓名
countdown-find = 搜索
countdown-page-before = 上一页
countdown-page-next = 下一页
