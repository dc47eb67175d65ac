# The frame around every page.
shell-skip = انتقل إلى المحتوى
shell-language = اللغة
shell-navigation = الأقسام
shell-tabs = الأقسام الرئيسية
shell-more = المزيد
shell-account = الحساب
shell-pages = صفحات هذا القسم
shell-sign-in = تسجيل الدخول
shell-sign-out = تسجيل الخروج
shell-home = إلى الصفحة الرئيسية
shell-own-home = الانتقال إلى صفحتكم
shell-menu = القائمة
shell-see-site = عرض الموقع
shell-notices = الإشعارات
shell-copy = نسخ
shell-copied = تم النسخ
shell-print = طباعة
shell-first = الرئيسية
shell-more-here = المزيد هنا
shell-kept = هذا ما كتبتموه، ولم يُحفظ منه شيء:
shell-send-again = أرسلوه مرة أخرى
shell-typed = هذا ما كتبتموه:
shell-again-by-hand = لا تُحفظ كلمات المرور والرموز والملفات. يُرجى الرجوع وتعبئة النموذج من جديد.
shell-request = الطلب { $id }

# Forms.
form-zone = بحسب التوقيت في { $zone }.
form-problem = هناك مشكلة
form-clash = غيّر أحدهم هذا في أثناء وجودكم هنا. لم يُحفظ شيء مما كتبتموه بعد: تحت كل حقل ما حُفظ في هذه الأثناء. اضغطوا «{ $button }» مرة أخرى للاحتفاظ بما كتبتموه.
form-clash-first = إلى أول اختلاف
form-count-anew = احسب من جديد
form-clash-stored = ما حُفظ في هذه الأثناء: { $value }
value-nothing = لا شيء
value-yes = نعم
value-no = لا

# Numbers, dates and hours.
number-thousands = ,
number-decimal = .
weekday-1 = الاثنين
    .short = الاثنين
weekday-2 = الثلاثاء
    .short = الثلاثاء
weekday-3 = الأربعاء
    .short = الأربعاء
weekday-4 = الخميس
    .short = الخميس
weekday-5 = الجمعة
    .short = الجمعة
weekday-6 = السبت
    .short = السبت
weekday-7 = الأحد
    .short = الأحد
month-1 = يناير
    .short = يناير
month-2 = فبراير
    .short = فبراير
month-3 = مارس
    .short = مارس
month-4 = أبريل
    .short = أبريل
month-5 = مايو
    .short = مايو
month-6 = يونيو
    .short = يونيو
month-7 = يوليو
    .short = يوليو
month-8 = أغسطس
    .short = أغسطس
month-9 = سبتمبر
    .short = سبتمبر
month-10 = أكتوبر
    .short = أكتوبر
month-11 = نوفمبر
    .short = نوفمبر
month-12 = ديسمبر
    .short = ديسمبر
date-full = { $weekday }، { $day } { $month } { $year }
date-short = { $weekday-short } { $day } { $month-short } { $year }
date-brief = { $weekday-short } { $day } { $month-short }
date-plain = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-weekday-day = { $weekday }، { $day } { $month }
date-weekday = { $weekday }
date-weekday-short = { $weekday-short }
date-month = { $month } { $year }
date-month-short = { $month-short }
duration-minutes = { $count ->
    [one] دقيقة
    [two] دقيقتان
    [few] { $count } دقائق
   *[other] { $count } دقيقة
}
duration-hours = { $count ->
    [one] ساعة
    [two] ساعتان
    [few] { $count } ساعات
   *[other] { $count } ساعة
}
duration-days = { $count ->
    [one] يوم
    [two] يومان
    [few] { $count } أيام
   *[other] { $count } يومًا
}
date-moment = { $date }، { $time }
# A line above all times of a page.
date-today = اليوم، { $when }
date-tomorrow = غدًا، { $when }
time-in-zone = { $time }، { $zone }
time-at-place = { $time } ({ $place })
zone-line = كل الأوقات بتوقيت { $zone }.
time-period = { $hour ->
    [0] ليلًا
    [1] ليلًا
    [2] ليلًا
    [3] فجرًا
    [4] فجرًا
    [5] فجرًا
    [12] ظهرًا
    [13] ظهرًا
    [14] ظهرًا
    [15] عصرًا
    [16] عصرًا
    [17] عصرًا
    [18] مساءً
    [19] مساءً
    [20] مساءً
    [21] مساءً
    [22] مساءً
    [23] مساءً
   *[other] صباحًا
}
time-clock = { $minutes ->
    [full] { $hour } { $period }
   *[shown] { $hour }:{ $minute } { $period }
}
time-plain = { $minutes ->
    [full] { $hour }
   *[shown] { $hour }:{ $minute }
}
time-noon = 12 ظهرًا
time-midnight = 12 منتصف الليل
time-range = { $from }–{ $to }
time-range-wide = { $from } – { $to }

# The page that explains every code.
problems-title = مشكلات قد تواجهكم
problems-introduction = كل طلب مرفوض يحمل أحد هذه الرموز. الرموز لا تتغير، أما عباراتها فقد تتغير.
problems-fields = رموز الحقول

# What is wrong with a request as such.
problem-body-invalid = تعذرت قراءة الطلب. يُرجى الرجوع والمحاولة مرة أخرى.
    .title = تعذرت القراءة
problem-request-invalid = تعذرت قراءة العنوان أو الطلب.
    .title = تعذرت القراءة
problem-not-found = لا يوجد شيء هنا، أو لا يحق لكم الاطلاع عليه.
    .title = هذه الصفحة غير موجودة هنا.
problem-method-not-allowed = هذا العنوان لا يقبل طلبًا من هذا النوع.
    .title = ليس بهذه الطريقة
problem-body-too-large = هذا أكثر مما يمكننا استلامه دفعة واحدة. يُرجى إرسال قدر أقل.
    .title = أكثر من المسموح
problem-unsupported-media-type = هذا العنوان يقبل نوعًا آخر من المحتوى.
    .title = نوع محتوى آخر
problem-validation-failed = تعذر حفظ بعض ما كُتب. السبب مذكور عند كل حقل.
    .title = هناك مشكلة
problem-csrf-failed = بقيت هذه الصفحة مفتوحة مدة طويلة. يُرجى الرجوع وإعادة تحميلها والمحاولة مرة أخرى.
    .title = يُرجى إعادة تحميل الصفحة

# Versions and repeats.
problem-version-required = يُرجى ذكر الإصدار المراد تغييره، بواسطة If-Match أو «version».
    .title = الإصدار غير مذكور
problem-version-conflict = غيّر أحدهم هذا في أثناء وجودكم هنا. اختاروا ما تريدون الاحتفاظ به.
    .title = حدث تغيير
problem-idempotency-key-reused = استُعمل هذا المفتاح لطلب آخر.
    .title = المفتاح مستعمل
problem-idempotency-in-progress = ما زال الطلب نفسه قيد التنفيذ. يُرجى المحاولة بعد قليل.
    .title = قيد التنفيذ

# Limits, and our own trouble.
problem-rate-limited = طلبات كثيرة. { $minutes ->
    [none] يُرجى المحاولة بعد قليل.
    [one] يُرجى المحاولة بعد دقيقة واحدة.
    [two] يُرجى المحاولة بعد دقيقتين.
    [few] يُرجى المحاولة بعد { $minutes } دقائق.
   *[other] يُرجى المحاولة بعد { $minutes } دقيقة.
}
    .title = يُرجى الانتظار قليلًا
problem-too-many-attempts = محاولات كثيرة. { $minutes ->
    [none] يُرجى المحاولة لاحقًا.
    [one] يُرجى المحاولة بعد دقيقة واحدة.
    [two] يُرجى المحاولة بعد دقيقتين.
    [few] يُرجى المحاولة بعد { $minutes } دقائق.
   *[other] يُرجى المحاولة بعد { $minutes } دقيقة.
}
    .title = محاولات كثيرة
problem-store-busy = لم يُحفظ شيء. يُرجى المحاولة بعد قليل.
    .title = لم يُحفظ شيء
problem-saving-paused = لم يُحفظ شيء. يتعذّر على هذا الموقع الوصول إلى المكان الذي يحتفظ بنسخته الثانية، ولن يحفظ شيئًا حتى يتمكن من ذلك. يُرجى المحاولة بعد بضع دقائق.
    .title = لم يُحفظ شيء
problem-outcome-unknown = لا نعرف إن كان هذا قد حُفظ. يُرجى التحقق قبل إرساله مرة أخرى.
    .title = لا نعرف إن كان قد حُفظ
problem-busy = الطلبات كثيرة الآن. يُرجى المحاولة بعد قليل.
    .title = لحظة من فضلكم
problem-internal = الخطأ من جانبنا. لم يضع شيء مما كتبتم؛ يُرجى المحاولة مرة أخرى.
    .title = حدث خطأ عندنا

# Single fields.
field-required = يُرجى ملء هذا الحقل.
field-too-short = { $min ->
    [none] النص قصير.
   *[other] الحد الأدنى لعدد الأحرف: { $min }.
}
field-too-long = { $max ->
    [none] النص طويل.
   *[other] الحد الأقصى لعدد الأحرف: { $max }.
}
field-too-few = { $min ->
    [none] اكتبوا 2 على الأقل.
   *[other] اكتبوا { $min } على الأقل.
}
field-too-many = { $max ->
    [none] العدد كبير.
   *[other] الحد الأقصى: { $max }.
}
field-out-of-range = { $min ->
    [none] القيمة أصغر أو أكبر من المسموح.
   *[other] بين { $min } و{ $max }.
}
field-too-low = { $min ->
    [none] القيمة أصغر من المسموح.
   *[other] { $min } على الأقل.
}
field-too-high = { $max ->
    [none] القيمة أكبر من المسموح.
   *[other] { $max } على الأكثر.
}
field-unknown-option = يُرجى اختيار أحد الخيارات المعروضة.
field-unknown-field = لا يوجد حقل بهذا الاسم.
field-wrong-type = المطلوب هنا قيمة من نوع آخر.
field-not-allowed = لا يمكن اختيار هذا هنا.
field-not-unique = هذا مكرر.
field-invalid = القيمة غير صالحة.
field-amount-invalid = { $example ->
    [none] اكتب مبلغًا مثل 180.00.
   *[other] اكتب مبلغًا مثل { $example }.
}
field-percentage-invalid = اكتب نسبة مئوية مثل 19 أو 19.5.
field-duration-invalid = اكتب عددًا صحيحًا.
field-currency-changed = { $currency ->
    [none] تغيّرت العملة في هذه الأثناء. افتح الصفحة من جديد واكتب المبلغ مرة أخرى.
   *[other] العملة الآن { $currency }. افتح الصفحة من جديد واكتب المبلغ مرة أخرى.
}
field-email-invalid = لا يبدو هذا عنوان بريد إلكتروني.
field-url-invalid = يجب أن يكون أول العنوان https://.
field-date-invalid = لا وجود لهذا التاريخ أو لهذا الوقت.
field-time-invalid = اكتبوا كل وقت بالساعات والدقائق، من 00:00 إلى 23:59، مثل 18:30.
field-time-zone-unknown = لا نعرف هذه المنطقة الزمنية.
field-time-zone-several = لعدة مناطق زمنية هذا الاسم. اكتب واحدة منها: { $names }.
field-language-unknown = هذا ليس رمز لغة.
field-ends-before-start = وقت النهاية قبل وقت البداية.
field-password-short = { $min ->
    [none] كلمة المرور قصيرة.
   *[other] الحد الأدنى لعدد الأحرف: { $min }.
}
field-password-long = { $max ->
    [none] كلمة المرور طويلة.
   *[other] الحد الأقصى لعدد الأحرف: { $max }.
}
field-password-common = كلمة المرور هذه من أول ما يُجرَّب.
field-display-name-address = الاسم ليس عنوانًا على الويب. احذف العنوان أو اكتب مسافة بعد كل نقطة.
field-display-name-length = { $min ->
    [none] الاسم قصير أو طويل.
   *[other] بين { $min } و{ $max } حرفًا.
}
field-image-invalid = ليست هذه صورة JPEG أو PNG أو WebP، أو أنها كبيرة جدًا.
field-image-heic = ملف HEIC من iPhone: أرسله من الهاتف نفسه، أو احفظه بصيغة JPEG.
field-not-an-image = هذه ليست صورة.
field-picture-undescribed = هناك صورة بلا وصف. اكتب بين [ و ] في بضع كلمات ما تُظهره.
field-slug-invalid = أحرف لاتينية صغيرة وأرقام وشرطات فقط.
field-slug-reserved = هذه الكلمة محجوزة لغرض آخر.
field-confirmation-wrong = هذا ليس ما طُلب كتابته.

share-title = مشاركة
share-link = الرابط
share-copy = نسخ
share-copy-link = نسخ الرابط
share-copied = تم النسخ
share-share = مشاركة
share-email = البريد الإلكتروني
share-more = رمز QR وشارة وإطار
share-qr = رمز QR
share-badge = شارة لصفحتكم
share-embed = إطار لصفحتكم

address-private = عنوان هذا الموقع هو { $address }. لا يستطيع أحد خارج هذا الحاسوب أو شبكته فتح الروابط ورموز QR التي تحمله. يحدد القائم على الموقع العنوان العام في site.url.
address-private-short = لا تعمل الروابط إلا على هذا الحاسوب أو شبكته.
mail-stays = ليس لهذا الموقع خادم بريد. ما يرسله يبقى في صندوق بريده الخاص ولا يصل إلى أحد. يمكن للقائم على هذا الموقع إعداد خادم.
mail-stays-short = البريد متوقف: ليس لهذا الموقع خادم بريد.
cache-note = قد تستمر الذاكرات المؤقتة أمام الموقع في عرضه لمدة 90 ثانية.

# Lists that show only their beginning.
list-newest = يظهر الأحدث فقط.
list-others-follow = تظهر البقية بعد الرد على هذه.
