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
countdown-longest = الأطول سابقًا
countdown-average = المتوسط سابقًا
countdown-resets = مرات البدء من جديد
countdown-entries = مرات البدء من جديد
countdown-directory = عدّ الأيام
countdown-now = العدّ الآن
countdown-directory-empty = لا أحد يعرض عدًّا هنا بعد.
countdown-search = العنوان أو الاسم
countdown-find = بحث
countdown-page-before = الصفحة السابقة
countdown-page-next = الصفحة التالية
