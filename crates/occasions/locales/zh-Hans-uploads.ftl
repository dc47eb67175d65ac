# 宾客的照片和文件，以及相册。

upload-title = 分享照片
upload-tile = 照片和文件
upload-welcome = 欢迎分享当天的照片或文件。主人逐一看过之后，其他人才能看到。
upload-caption = 照片内容（可不填）
upload-file = 照片或 PDF 文件
upload-hint = { $left ->
   *[other] JPEG、PNG、WebP、GIF 或 PDF，每个不超过 { $most } MB。还可以发送 { $left } 个。
}
upload-place = 手机写进照片里的拍摄地点和时间会被删除。
upload-send = 发送
upload-full = 这份请柬的文件已达上限。删除一个后可以再发送。
upload-over = 现在不能再发送了。
upload-own = 您发送的内容
upload-pending = 主人还没有看
upload-approved = 已在相册中
upload-rejected = 不在相册中
upload-remove = 删除
upload-refused = { $file }：{ $reason }
upload-done-added = 谢谢！文件已收到。
upload-done-some = { $n ->
   *[other] 已收到 { $n } 个文件。其余的未被接受。
}
upload-done-removed = 已删除。
gallery-title = 相册
gallery-tile = 当天的照片
gallery-none = 这里还没有照片。
gallery-pages = 相册页
gallery-previous = 较早的照片
gallery-next = 更多照片
gallery-picture = 第 { $n } 张，共 { $count } 张
gallery-back = 上一张
gallery-on = 下一张
gallery-all = 全部照片
gallery-credit = 摄影：{ $name }

## After the day

after-on-wedding = 结婚之日
after-on-engagement = 订婚之日
after-on-celebrated = 庆祝之日
after-on-memorial = 追思之日
after-on-other = 活动之日
after-came-title = 感谢您的到来
after-came = 有您在场，对我们意义非凡。
after-came-names = { $names }：有您在场，对我们意义非凡。
after-names = { $names }和{ $last }
after-unknown-title = 谢谢
after-missed-title = 未能相聚，我们很想念您
after-missed = 感谢您惦记着我们。
after-came-title-memorial = 感谢您的陪伴
after-came-memorial = 您的到来给了我们安慰。
after-came-names-memorial = { $names }：您的到来给了我们安慰。
after-missed-title-memorial = 谢谢
after-missed-memorial = 感谢您惦记着我们。
after-pictures = 当天的照片
after-so-far = 目前 { $n } 张
after-share = 分享您的照片
after-see-all = 查看全部 { $n } 张
after-word = 给{ $hosts }的话
after-word-hint = 只有他们能看到。
after-word-write = 写留言
after-word-change = 修改您的留言
after-answers = 您的回复
after-answers-and-gift = 您的回复和您送的礼物
after-gift = 您送的礼物

problem-upload-type = 这不是 JPEG、PNG、WebP、GIF 或 PDF 文件，或者照片太大或已损坏。
    .title = 文件类型不符
problem-upload-limit = { $limit ->
   *[other] 这份请柬已有 { $limit } 个文件。删除一个后可以再发送。
}
    .title = 文件太多
problem-upload-quota = 这场活动已没有存放照片的空间。请告诉主人。
    .title = 空间已满
