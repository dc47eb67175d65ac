## Mails from hosts. The built-in texts; names in braces are replaced for each household.

mail-save-the-date-subject = 请预留这一天：{ $occasion_title }
mail-save-the-date-body =
    我们有一个重要的日子想与您共度，请提前为我们留出时间。

    { $occasion_title }
    { $occasion_date }
    { $venue }

    正式邀请随后奉上。

    { $hosts } 敬上
mail-invitation-subject = 诚挚邀请：{ $occasion_title }
mail-invitation-body =
    诚挚邀请您与家人前来相聚，有您在场，我们会格外高兴。

    所有信息都在您的专属页面上，也请在那里告诉我们哪些人会来：

    { $rsvp_link }

    答复截止日期：{ $rsvp_deadline }。

    期待与您相见。
    { $hosts }
mail-reminder-subject = 温馨提醒：{ $occasion_title }
mail-reminder-body =
    { $still_open }只需一分钟：

    { $rsvp_link }

    答复截止日期：{ $rsvp_deadline }。

    如果您刚刚已经答复，请忽略这封邮件。谢谢！
    { $hosts }
mail-thanks-subject = { $hosts }衷心感谢您
mail-thanks-body =
    { $thanks_for_coming }

    您的心意让我们深受感动，我们会一直珍藏在心。

    感谢您的礼物：{ $gift }

    当天的照片在这里：{ $pictures_link }

    谨致谢忱
    { $hosts }
mail-moved-subject = { $occasion_title }：{ $news }
gift-of-money = 礼金
mail-letter-why = 您收到这封邮件，是因为{ $hosts }邀请了{ $household }。如果不是您，请告知{ $contact }。
mail-letter-why-plain = 您收到这封邮件，是因为{ $hosts }邀请了{ $household }。
mail-letter-unsubscribe = 不再接收此类邮件
mail-status-unanswered = 尚未答复
mail-status-partial = 部分答复
mail-status-complete = 已答复
