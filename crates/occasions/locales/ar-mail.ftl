## Mails from hosts. The built-in texts; names in braces are replaced for each household.

mail-save-the-date-subject = احفظوا التاريخ: { $occasion_title }
mail-save-the-date-body =
    نودّ أن تكونوا معنا في يوم عزيز علينا، فنرجو أن تحفظوه لنا.

    { $occasion_title }
    { $occasion_date }
    { $venue }

    تصلكم الدعوة قريبًا.

    مع أطيب التحيات،
    { $hosts }
mail-invitation-subject = دعوة: { $occasion_title }
mail-invitation-body =
    يسعدنا ويشرّفنا حضوركم، ووجودكم بيننا هو أجمل ما نتمناه.

    تجدون كل التفاصيل في صفحتكم الخاصة، ومن خلالها تخبروننا بمن سيحضر:

    { $rsvp_link }

    نرجو الرد في موعد أقصاه { $rsvp_deadline }.

    نتطلّع إلى لقائكم.
    { $hosts }
mail-reminder-subject = تذكير ودّي: { $occasion_title }
mail-reminder-body =
    { $still_open } لن يستغرق الأمر سوى دقيقة:

    { $rsvp_link }

    آخر يوم للرد هو { $rsvp_deadline }.

    إن كنتم قد رددتم للتوّ فلا حاجة إلى شيء آخر، وشكرًا لكم.
    { $hosts }
mail-thanks-subject = شكرًا لكم من { $hosts }
mail-thanks-body =
    { $thanks_for_coming }

    لقد تأثّرنا بمشاعركم الطيبة، وستبقى ذكرى نعتزّ بها.

    شكرًا على هديتكم: { $gift }

    صور ذلك اليوم هنا: { $pictures_link }

    مع خالص الامتنان،
    { $hosts }
mail-moved-subject = { $occasion_title }: { $news }
gift-of-money = مبلغ مالي
mail-letter-why = وصلتكم هذه الرسالة لأن { $hosts } وجّهوا دعوة إلى { $household }. لستم المقصودين؟ يُرجى إبلاغ { $contact }.
mail-letter-why-plain = وصلتكم هذه الرسالة لأن { $hosts } وجّهوا دعوة إلى { $household }.
mail-letter-unsubscribe = لا أرغب في تلقّي رسائل كهذه
mail-status-unanswered = لم يُرَدّ بعد
mail-status-partial = رُدّ جزئيًا
mail-status-complete = تم الرد
