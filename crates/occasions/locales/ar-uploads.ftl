# صور الضيوف ومستنداتهم، والمعرض.

upload-title = شاركوا الصور
upload-tile = صور ومستندات
upload-welcome = شاركوا صوركم من ذلك اليوم أو مستندًا. ينظر أصحاب الدعوة في كل واحدة قبل أن يراها غيرهم.
upload-caption = ماذا تُظهر (اختياري)
upload-file = صور أو ملفات PDF
upload-hint = { $left ->
    [one] JPEG أو PNG أو WebP أو GIF أو PDF، حتى { $most } م.ب. لكل ملف. يمكنكم إرسال ملف واحد آخر.
    [two] JPEG أو PNG أو WebP أو GIF أو PDF، حتى { $most } م.ب. لكل ملف. يمكنكم إرسال ملفين آخرين.
    [few] JPEG أو PNG أو WebP أو GIF أو PDF، حتى { $most } م.ب. لكل ملف. يمكنكم إرسال { $left } ملفات أخرى.
   *[other] JPEG أو PNG أو WebP أو GIF أو PDF، حتى { $most } م.ب. لكل ملف. يمكنكم إرسال { $left } ملفًا آخر.
}
upload-place = نزيل المكان والوقت اللذين كتبهما الهاتف في الصورة.
upload-send = إرسال
upload-full = أرسلتم كل ما تتسع له دعوة واحدة. احذفوا ملفًا لإرسال غيره.
upload-over = لا يمكن إرسال شيء بعد الآن.
upload-own = ما أرسلتموه
upload-pending = لم يُنظر فيه بعد
upload-approved = في المعرض
upload-rejected = ليس في المعرض
upload-remove = حذف
upload-refused = { $file }: { $reason }
upload-done-added = شكرًا لكم! وصلت ملفاتكم.
upload-done-some = { $n ->
    [one] وصل ملف واحد. أما الباقي فلم يُقبل.
    [two] وصل ملفان. أما الباقي فلم يُقبل.
    [few] وصلت { $n } ملفات. أما الباقي فلم يُقبل.
   *[other] وصل { $n } ملفًا. أما الباقي فلم يُقبل.
}
upload-done-removed = تم الحذف.
gallery-title = معرض الصور
gallery-tile = صور ذلك اليوم
gallery-none = لا توجد صور هنا بعد.
gallery-pages = صفحات المعرض
gallery-previous = صور سابقة
gallery-next = المزيد من الصور
gallery-picture = الصورة { $n } من { $count }
gallery-back = السابقة
gallery-on = التالية
gallery-all = كل الصور
gallery-credit = تصوير: { $name }

## After the day

after-on-wedding = يوم الزفاف
after-on-engagement = يوم الخطوبة
after-on-celebrated = يوم الاحتفال
after-on-memorial = يوم إحياء الذكرى
after-on-other = يوم المناسبة
after-came-title = شكرًا لحضوركم
after-came = كان وجودكم معنا يعني لنا الكثير.
after-came-names = كان وجودكم معنا يعني لنا الكثير: { $names }.
after-names = { $names } و{ $last }
after-unknown-title = شكرًا لكم
after-missed-title = افتقدناكم
after-missed = شكرًا لأنكم فكّرتم فينا.
after-came-title-memorial = شكرًا لوقوفكم معنا
after-came-memorial = كان حضوركم عزاءً لنا.
after-came-names-memorial = كان حضوركم عزاءً لنا: { $names }.
after-missed-title-memorial = شكرًا لكم
after-missed-memorial = شكرًا لأنكم فكّرتم فينا.
after-pictures = صور ذلك اليوم
after-so-far = حتى الآن: { $n }
after-share = شاركوا صوركم
after-see-all = عرض الكل ({ $n })
after-word = كلمة إلى { $hosts }
after-word-hint = لا يقرؤها أحد سواهم.
after-word-write = كتابة رسالة
after-word-change = تعديل رسالتكم
after-answers = ردودكم
after-answers-and-gift = ردودكم والهدية التي قدّمتموها
after-gift = الهدية التي قدّمتموها

problem-upload-type = ليس هذا ملف JPEG أو PNG أو WebP أو GIF أو PDF، أو أن الصورة كبيرة جدًا أو تالفة.
    .title = نوع آخر من الملفات
problem-upload-limit = { $limit ->
    [one] في هذه الدعوة ملف واحد بالفعل. احذفوه لإرسال غيره.
    [two] في هذه الدعوة ملفان بالفعل. احذفوا واحدًا لإرسال غيره.
    [few] في هذه الدعوة { $limit } ملفات بالفعل. احذفوا واحدًا لإرسال غيره.
   *[other] في هذه الدعوة { $limit } ملفًا بالفعل. احذفوا واحدًا لإرسال غيره.
}
    .title = ملفات كثيرة جدًا
problem-upload-quota = لم يعد هناك متسع لصور هذه المناسبة. من فضلكم أخبروا أصحاب الدعوة.
    .title = لا متسع
