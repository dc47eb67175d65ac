# What a countdown shows.
countdown-unit = { $n ->
    [zero] يوم
    [one] يوم
    [two] يومان
    [few] أيام
    [many] يومًا
   *[other] يوم
}
countdown-years = { $n ->
    [one] سنة واحدة
    [two] سنتان
    [few] { $n } سنوات
   *[other] { $n } سنة
}
countdown-months = { $n ->
    [one] شهر واحد
    [two] شهران
    [few] { $n } أشهر
   *[other] { $n } شهرًا
}
countdown-some-days = { $n ->
    [one] يوم واحد
    [two] يومان
    [few] { $n } أيام
   *[other] { $n } يومًا
}
countdown-weeks = { $n ->
    [one] أسبوع واحد
    [two] أسبوعان
    [few] { $n } أسابيع
   *[other] { $n } أسبوعًا
}
countdown-since = منذ { $when }
countdown-until = حتى { $when }
countdown-on = { $when }
countdown-longest = أطول مدة منتهية
countdown-average = متوسط المدد المنتهية
countdown-resets = مرات البدء من جديد
countdown-by = يعدّها
countdown-record = أطول مدة حتى الآن
countdown-to-calendar = أضف إلى التقويم
countdown-phrase = عبارة اليوم
countdown-year = السنة الماضية
countdown-year-key = من { $from } إلى اليوم. كل مربع أسبوع؛ والمربع الفارغ الذي فيه نقطة بدأ فيه العدّ من جديد.
countdown-year-label = { $n ->
    [zero] لم يبدأ العدّ من جديد في آخر 52 أسبوعًا.
    [one] بدأ العدّ من جديد في أسبوع واحد من آخر 52 أسبوعًا.
    [two] بدأ العدّ من جديد في أسبوعين من آخر 52 أسبوعًا.
    [few] بدأ العدّ من جديد في { $n } أسابيع من آخر 52 أسبوعًا.
   *[other] بدأ العدّ من جديد في { $n } أسبوعًا من آخر 52 أسبوعًا.
}
countdown-figures = أرقام
countdown-runs = كل المدد
countdown-run-now = الآن، منذ { $from }
countdown-run = { $from } – { $to }
countdown-runs-earlier = { $n ->
    [zero] لا مدد أقدم.
    [one] مدة أقدم واحدة غير مذكورة.
    [two] مدتان أقدم غير مذكورتين.
    [few] { $n } مدد أقدم غير مذكورة.
   *[other] { $n } مدة أقدم غير مذكورة.
}
countdown-directory = عدّ الأيام
countdown-now = العدّ الآن
countdown-directory-about = عدّ الأيام المعروض للجميع في { $site }.
countdown-directory-empty = لا أحد يعرض عدًّا هنا بعد.
countdown-search = العنوان أو الاسم
countdown-find = بحث
countdown-page-before = الصفحة السابقة
countdown-page-next = الصفحة التالية
