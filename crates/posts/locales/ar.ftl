# What everybody reads.
post-articles = المدونة
post-notes = خواطر
post-tagged = مقالات عن «{ $tag }»
post-tags = الوسوم
post-none = لا شيء هنا بعد.
post-older = الأقدم
post-feed = الموجز
post-search = بحث
post-search-words = كلمات
post-search-none = لم يُعثر على شيء.
post-search-more = المزيد
problem-gone = سُحب هذا المحتوى.
    .title = لم يعد متاحًا
