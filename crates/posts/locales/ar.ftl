# What everybody reads.
post-articles = المدونة
post-latest = أحدث المقالات
post-latest-all = جميع المقالات
post-notes = خواطر
post-tagged = مقالات عن «{ $tag }»
post-tagged-about = مقالات عن «{ $tag }» في { $site }.
post-articles-about = أحدث المقالات في { $site }.
post-notes-about = أحدث الخواطر في { $site }.
post-tags = الوسوم
post-none = لا شيء هنا بعد.
post-older = الأقدم
post-minutes = { $count ->
    [zero] أقل من دقيقة
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $count } دقائق
    [many] { $count } دقيقة
   *[other] { $count } دقيقة
}
post-earlier = السابق
post-later = التالي
post-neighbours = السابق والتالي
post-feed = الموجز
post-search = بحث
post-search-words = كلمات
post-search-none = لم يُعثر على شيء.
post-search-more = المزيد
post-newsletter = المقالات الجديدة بالبريد

# The mail about a new article.
post-mail-subject = { $title } – { $site }
post-mail-text = مقال جديد في { $site }:

    { $title }

    { $excerpt }

    { $address }

    تصلك هذه الرسالة لأنك اخترت المقالات الجديدة بالبريد. لتغيير ذلك: { $settings }
problem-gone = سُحب هذا المحتوى.
    .title = لم يعد متاحًا
