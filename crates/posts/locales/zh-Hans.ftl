# What everybody reads.
post-articles = 博客
post-notes = 短文
post-tagged = 关于“{ $tag }”的文章
post-tags = 标签
post-none = 这里还没有内容。
post-older = 更早
post-feed = 订阅源
post-search = 搜索
post-search-words = 词语
post-search-none = 没有找到。
post-search-more = 更多
problem-gone = 此内容已撤回。
    .title = 已撤回
