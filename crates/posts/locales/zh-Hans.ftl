# What everybody reads.
post-articles = 博客
post-latest = 最新文章
post-latest-all = 全部文章
post-notes = 短文
post-tagged = 关于“{ $tag }”的文章
post-tagged-about = { $site } 上关于“{ $tag }”的文章。
post-articles-about = { $site } 的最新文章。
post-notes-about = { $site } 的最新短文。
post-tags = 标签
post-none = 这里还没有内容。
post-older = 更早
post-minutes = 阅读约 { $count } 分钟
post-earlier = 上一篇
post-later = 下一篇
post-neighbours = 上一篇和下一篇
post-feed = 订阅源
post-search = 搜索
post-search-words = 词语
post-search-none = 没有找到。
post-search-more = 更多
post-newsletter = 通过邮件接收新文章

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = { $site } 有新文章：

    { $title }

    { $excerpt }

    { $address }

    您收到此邮件，是因为您选择了通过邮件接收新文章。如需更改，请前往 { $settings }
problem-gone = 此内容已撤回。
    .title = 已撤回
