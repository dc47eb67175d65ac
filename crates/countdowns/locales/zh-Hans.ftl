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
countdown-longest = 已结束的最长一次
countdown-average = 已结束各次的平均
countdown-resets = 重置次数
countdown-by = 计时者：
countdown-record = 迄今最长的一次
countdown-to-calendar = 添加到日历
countdown-phrase = 今日短句
countdown-year = 过去一年
countdown-year-key = 从{ $from }到今天。一格是一周；带点的空格表示那一周有重置。
countdown-year-label = 过去 52 周中有 { $n } 周发生过重置。
countdown-figures = 数据
countdown-runs = 全部记录
countdown-run-now = 现在，自{ $from }起
countdown-run = { $from } – { $to }
countdown-runs-earlier = 另有更早的 { $n } 次未列出。
countdown-directory = 计日
countdown-now = 正在计时
countdown-directory-about = { $site } 上公开的计日。
countdown-directory-empty = 这里还没有公开的计日。
countdown-search = 标题或姓名
countdown-find = 搜索
countdown-page-before = 上一页
countdown-page-next = 下一页
