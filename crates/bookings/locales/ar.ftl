# What everybody reads.
booking-menu = الحجز
booking-title = احجز موعدًا
booking-title-with = احجز موعدًا مع { $name }
booking-next = التالي: { $when }
booking-kind = النوع
booking-kind-all = كل الأنواع
choice-session-type = نوع الجلسة
choice-level = المستوى
choice-entry = الموضوع
choice-track = المسار
entry-levels = المستويات
choice-all = الكل
choice-none = بلا تفضيل
choice-pick = اختر
booking-note-open = ملاحظة (اختيارية)
booking-topics-open = المواضيع (اختيارية)
booking-topics-hint = موضوع في كل سطر، عشرة على الأكثر.
booking-topics = المواضيع
booking-shows-email = يرى مقدّم الجلسة بريدي الإلكتروني بعد الحجز
booking-from = من
booking-show = عرض
booking-more-filters = مرشّحات أخرى
booking-area = المنطقة
booking-max-price = السعر الأقصى ({ $currency })
booking-min-length = على الأقل
booking-way = يُحجز بـ
booking-by-money = نقود، أو مجانًا
booking-more = مواعيد أخرى في هذه الأيام
booking-zone-device = كل الأوقات بتوقيت { $zone }، حسب جهازك.
booking-zone-place = كل الأوقات بتوقيت { $zone }، حيث تقام الجلسة.
zone-title = منطقتك الزمنية
zone-text = اختر المكان الذي تقرأ ساعته. لا تتغير أي جلسة.
zone-search = مدينة أو بلد
zone-search-hint = New York، الهند، UTC+3
zone-find = بحث
zone-found = النتائج
zone-nothing = لا مكان بهذا الاسم. جرّب أقرب مدينة كبيرة أو البلد أو فرقًا مثل UTC+3.
zone-yours = لك
zone-of-device = كما يقول جهازك
zone-of-site = مكان هذا الموقع
zone-chosen = اختيارك
zone-areas = حسب المنطقة
zone-change = تغيير المنطقة الزمنية
zone-area-africa = أفريقيا
zone-area-america = الأمريكتان
zone-area-asia = آسيا
zone-area-europe = أوروبا
zone-area-pacific = أستراليا والمحيط الهادئ
zone-area-oceans = الأطلسي والمحيط الهندي والقطب الجنوبي
booking-at-place = { $place } ({ $reader })
booking-zone-mails = رسائلك
booking-zone-take-over = استخدم توقيت { $zone } في رسائلك أيضًا
booking-time-own = بتوقيت حسابك: { $when }
booking-their-time = لدى مقدّم الجلسة: { $when }
booking-nothing = لا يوجد موعد متاح حاليًا.
booking-clear = اعرض كل المواعيد
new-slots-newsletter = مواعيد جديدة للحجز، بالبريد كل صباح
booking-nothing-next = لا يوجد موعد متاح في هذه الأيام. التالي { $day }.
booking-nothing-free = لا شيء متاح
booking-days = من { $from } إلى { $to }
booking-count-free = المتاح: { $count }
booking-row = { $length }، مع { $name }
booking-do = احجز
booking-free = مجانًا
credit-count = الرصيد ({ $kind }): { $count }
plan-lasts = عدد الأشهر: { $months }
plan-lasts-days = عدد الأيام: { $days }
booking-do-credit = احجز برصيد واحد (المتبقي: { $count })
booking-no-credit = يُحجز هذا الموعد برصيد، وليس لديك رصيد.
booking-no-membership = هذا الموعد للأعضاء، وليست لديك عضوية الآن. تمنحك إحدى الباقات عضوية.
booking-credit-frozen = لا يمكن استعمال رصيدك الآن، لأن دفعته محل نزاع أو قيد الإرجاع.
plan-see = عرض الباقات
plan-offered = الباقات
plan-offered-text = تُحجز بعض المواعيد بالرصيد. تمنحك الباقة رصيدًا لعدة أشهر.
plan-none = لا توجد باقات حاليًا.
plan-sign-in = سجّل الدخول للشراء
plan-tiers-text = تتيح لك العضوية أيضًا استخدام ما هو مخصّص للأعضاء.
plan-is-membership = عضوية
plan-has-review-calls = يمكن مراجعة المستندات في مكالمة.
plan-left = المتبقي: { $count }
plan-buy = اشترِ مقابل { $sum }
pay-test-mode = لا أموال حقيقية: هذا الموقع قيد التجربة.
test-gateway-title = بوابة دفع تجريبية
test-gateway-text = تحل هذه الصفحة محل صفحة خدمة الدفع. لا تنتقل أي أموال. اختر ما سيحدث.
test-gateway-pay = ادفع
test-gateway-pay-hint = ينجح الدفع. تعود إلى هنا، وتُخبر خدمة الدفع هذا الموقع أيضًا؛ ويُحتسب مرة واحدة.
test-gateway-fail = يفشل الدفع
test-gateway-fail-hint = لا يُخصم شيء. تعود ويمكنك المحاولة مرة أخرى.
test-gateway-later = ادفع، وتصل الأموال لاحقًا
test-gateway-later-hint = تعود فورًا. تصل الأموال بعد دقيقة، كما في التحويل المصرفي.
test-gateway-twice = ادفع مرتين
test-gateway-twice-hint = تنجح دفعتان. تسدد إحداهما الطلب، وتُعاد الأخرى.
test-gateway-first = ادفع، ويعلم هذا الموقع أولًا
test-gateway-first-hint = تُخبر خدمة الدفع هذا الموقع قبل أن تعود. حتى إن لم تعد، فقد تم الدفع.
test-gateway-lost = ادفع ولا تعد
test-gateway-lost-hint = لا يخبر أحد هذا الموقع بالدفع. يسأل بنفسه بعد ثلاث دقائق.
test-gateway-wrong = ادفع أقل من الثمن
test-gateway-wrong-hint = يُدفع أقل من ثمن الطلب. يبقى الطلب غير مدفوع، ويُعاد ذلك المبلغ.
test-gateway-stuck = ادفع ما لا يمكن رده
test-gateway-stuck-hint = ينجح الدفع. إذا ألغيت، يفشل رد المبلغ ويُبلَّغ المديرون.
test-gateway-dispute = ادفع ثم اعترض على الدفع
test-gateway-dispute-hint = ينجح الدفع، ثم يعترض عليه المصرف. يُبلَّغ المديرون، وتُجمَّد الأرصدة غير المستخدمة.
test-gateway-told = أخبرت خدمة الدفع هذا الموقع بالدفع.
test-gateway-told-text = أصبح محتسبًا، حتى إن لم تعد.
test-gateway-return = العودة إلى الموقع
test-gateway-back = رجوع دون دفع
booking-earlier = السابق
booking-later = اللاحق
booking-for = لمدة { $length }
booking-when = متى
booking-with = مع
booking-where = أين
booking-places = المقاعد
booking-seats = عدد المقاعد { $seats }، { $left ->
    [0] اكتملت
   *[other] المتبقي { $left }
}
booking-seats-own = كم مقعدًا
booking-seats-hint = حتى { $most }. سعر المقعد: { $price }
booking-seats-total = { $count } × { $each } = { $sum }
booking-names = من سيأتي (اختياري)
booking-names-hint = اسم في كل سطر.
booking-full = اكتملت مقاعد هذه الحصة.
waiting-title = قائمة الانتظار
waiting-others = عدد المنتظرين الآخرين: { $count }.
waiting-kept-for = إذا شغرت مقاعد، نحتفظ بها لأول المنتظرين حتى { $hours } ساعة ونكتب إليهم. لا تدفع إلا حينها.
waiting-seats = كم مقعدًا تحتاج؟
waiting-seats-hint = نسألك عندما تشغر كلها معًا. وقد يُسأل قبلك من يحتاج إلى عدد أقل.
waiting-count = عدد المقاعد: { $count }
waiting-at-once = احجز لي
waiting-at-once-hint = دون سؤال، إذا كانت الحصة تبدأ بعد 12 ساعة أو أكثر وكان لديك الرصيد اللازم. وإلا نسألك أولًا.
waiting-join = انضم إلى قائمة الانتظار
waiting-see = ترى دورك في القائمة وتغادرها في صفحة حجوزاتي.
waiting-sign-in = سجّل الدخول للانضمام إلى قائمة الانتظار
waiting-asked = محجوز لك مؤقتًا
waiting-waiting = أنت في الانتظار
waiting-kept-until = المقاعد المحفوظة لك ({ $count }) حتى { $until }.
waiting-you-wait = عدد المقاعد التي تنتظرها: { $count }. { $others ->
    [0] لا أحد ينتظر قبلك.
   *[other] عدد المنتظرين الآخرين: { $others }.
}
waiting-give-back = تنازل عنها
waiting-leave = غادر قائمة الانتظار
booking-to-cancel = للإلغاء
booking-cancel-until = حتى { $when } يمكنك الإلغاء أو تغيير الموعد دون أن تخسر شيئًا. بعد ذلك يمكنك الإلغاء فقط.
booking-cancel-until-paid = حتى { $when } يمكنك الإلغاء أو تغيير الموعد دون أن تخسر شيئًا. بعد ذلك لا يُرد شيء.
booking-cancel-until-share = حتى { $when } يمكنك الإلغاء أو تغيير الموعد دون أن تخسر شيئًا. بعد ذلك يُرد { $share } % من السعر.
booking-cancel-never = يمكنك الإلغاء حتى تبدأ، لكن لا يُرد شيء.
booking-cancel-closed-share = ما زال بإمكانك الإلغاء: يُرد { $share } % من السعر.
booking-note = ملاحظة إلى { $name } (اختيارية)
booking-answer-optional = { $question } (اختيارية)
booking-hold = نحتفظ لك بهذا الموعد { $minutes } دقيقة أثناء الدفع. لا يُخصم شيء في هذه الصفحة.
booking-to-payment = إلى الدفع، { $sum }
booking-sign-in = سجّل الدخول للحجز
booking-register = أنشئ حسابًا
booking-invited = يتطلب الحجز حسابًا، والحسابات هنا بالدعوة. اطلبوا دعوة من القائمين على هذا الموقع.
booking-taken = سبقك أحدهم
booking-taken-text = لم يعد هذا الموعد متاحًا. لم يُخصم شيء.
booking-others = مواعيد أخرى
booking-find = احجز موعدًا
request-ask = اطلب واحدًا من عدة مواعيد
offered-list-title = احجز جلسة
offered-pick = اختر جلسة ثم موعدًا.
offered-cancel = الإلغاء مجاني حتى { $length } قبل الموعد.
offered-cancel-any = الإلغاء مجاني حتى بداية الجلسة.
offered-from = من { $price }
offered-with = مع { $names }
offered-with-anyone = أي شخص
offered-places = المقاعد: { $count }
offered-seats-left = { $left ->
    [0] اكتملت المقاعد
   *[other] المتبقي { $left } من { $seats }
}
offered-single-times = المواعيد المنفردة، أسبوعًا بعد أسبوع
offered-plans = هل تنوي حجز عدة جلسات؟
offered-all = كل الجلسات
offered-other-time = موعد آخر
offered-length = المدة
offered-day = { $day }: المواعيد المتاحة { $count }
offered-class-day = { $day }: { $count ->
    [0] اكتملت المقاعد
   *[other] المواعيد: { $count }
}
offered-month-earlier = السابق: { $month }
offered-month-later = اللاحق: { $month }
offered-month-nothing = لا يوجد موعد متاح في { $month }.
offered-morning = صباحًا
offered-afternoon = بعد الظهر
offered-evening = مساءً
offered-night = ليلًا
offered-night-count = بين منتصف الليل والسادسة صباحًا: { $count }
offered-clock-change = تتغير الساعة في هذا اليوم.
request-pick = اختر موعدًا لتطلبه.
request-back = العودة إلى الطلب
booking-move-from = الموعد الحالي: { $when }.
booking-move-money = { $money ->
    [credit] يبقى رصيدك مع الحجز.
   *[other] يبقى ما دفعته مع الحجز: { $money }.
}
booking-move-closed = فات أوان تغيير الموعد. كان ذلك ممكنًا حتى { $when }.
booking-moves-left = عدد مرات تغيير الموعد المتبقية: { $count }.
feedback-mean = { $whole }.{ $tenth } من 5، عدد التقييمات: { $count }
slot-online = بالفيديو
slot-room-pool = بالفيديو، في غرفة من الموقع
slot-in-person = حضوريًا
slot-phone = بالهاتف
credit-imported = منقول من نظام آخر

waiting-newcomer-text = لا تحتاج إلى حساب: نرسل إليك رابطًا بالبريد، وتصبح في القائمة حين تفتحه.
waiting-newcomer-sent = أرسلنا رسالة إلى هذا العنوان. افتح رابطها خلال يوم لتكون في قائمة الانتظار.
waiting-newcomer-unsent = لا يرسل هذا الموقع بريدًا: تبقى الرسالة التي فيها رابطك عند القائمين على الموقع. اطلب منهم الرابط خلال يوم.
waiting-newcomer-confirm = يؤكد هذا عنوانك أيضًا. نكتب إليك حين تتوفر الأماكن.
waiting-mail-newcomer = انضم إلى قائمة الانتظار: { $title }، { $begins }
waiting-said-newcomer = مرحبًا { $name }،

    تريد انتظار مكان: { $title }، { $when }.
    انضم إلى قائمة الانتظار بهذا الرابط:

    { $address }

    إن لم ترد الانتظار فتجاهل هذه الرسالة. لن يُضاف أحد إلى القائمة.

    { $site }
waiting-said-newcomer-known = مرحبًا { $name }،

    يريد أحدهم انتظار مكان بعنوانك: { $title }، { $when }.
    إن كنت أنت، فسجّل الدخول بهذا الرابط وانضم إلى قائمة الانتظار هناك:

    { $address }

    إن لم تكن أنت فتجاهل هذه الرسالة. لن يُضاف أحد إلى القائمة.

    { $site }
booking-newcomer-name = اسمك
booking-newcomer-email = بريدك الإلكتروني
booking-newcomer-hint = نرسل إليك رابطًا يؤكد الحجز.
booking-newcomer-text = لا تحتاج إلى حساب: نحفظ لك الموعد ريثما تؤكده بالبريد.
booking-newcomer-sent = راجع بريدك
booking-newcomer-held = أرسلنا رسالة إلى هذا العنوان. افتح رابطها خلال { $minutes } دقيقة: حتى ذلك الحين يبقى الموعد محفوظًا.
booking-newcomer-unsent = لا يرسل هذا الموقع بريدًا: تبقى الرسالة التي فيها رابطك عند القائمين على الموقع. اطلب منهم الرابط خلال { $minutes } دقيقة: حتى ذلك الحين يبقى الموعد محفوظًا.
booking-newcomer-no-mail = لم تصلك رسالة؟ انظر في مجلد الرسائل غير المرغوبة، أو تحقق من العنوان وحاول مجددًا.
booking-newcomer-confirm = أكّد حجزك
booking-newcomer-confirm-text = يؤكد هذا عنوانك أيضًا. بعدها يمكنك نقل الحجز أو إلغاؤه.
booking-newcomer-do = أكّد الحجز
booking-mail-newcomer = أكّد حجزك: { $title }، { $begins }
booking-said-newcomer = مرحبًا { $name }،

    موعدك محفوظ حتى { $until }: { $title }، { $when }، { $price }.
    أكّد الحجز بهذا الرابط:

    { $address }

    إن لم تحجز شيئًا فتجاهل هذه الرسالة. سيُتاح الموعد لغيرك.

    { $site }
booking-said-newcomer-known = مرحبًا { $name }،

    حجز أحدهم بعنوانك: { $title }، { $when }، { $price }. الموعد محفوظ حتى { $until }.
    إن كنت أنت، فسجّل الدخول بهذا الرابط وأكّد الحجز أو ادفعه هناك:

    { $address }

    إن لم تكن أنت فتجاهل هذه الرسالة. سيُتاح الموعد لغيرك.

    { $site }
booking-said-newcomer-none = مرحبًا { $name }،

    حاول أحدهم الحجز بعنوانك: { $title }، { $when }، { $price }. لم يُحفظ لك شيء، لأن لديك حجوزات أخرى أو لا يمكنك حجز هذا الموعد.
    إن كنت أنت، فسجّل الدخول بهذا الرابط:

    { $address }

    { $site }

class-mail-subject = { $title }، { $when }: رسالة من { $with }
class-mail-said = رسالة من { $with } إلى كل من سيحضر:
class-mail-answer = الرد على هذه الرسالة لا يصل إلى { $with }. صفحة حجزك تبيّن إن كان هناك عنوان للتواصل:
class-notice-message = رسالة إلى كل من سيحضر: { $about }
membership-notice-ends = تنتهي عضويتك: { $about }
membership-said-ends = تنتهي عضويتك قريبًا. إذا اشتريت قبل ذلك باقة من المستوى نفسه، تبدأ العضوية الجديدة بعدها دون انقطاع:
membership-said-ends-with-credits = تنتهي عضويتك قريبًا، وينتهي معها الرصيد الذي لم تستخدمه. إذا اشتريت قبل ذلك باقة من المستوى نفسه، تبدأ العضوية الجديدة بعدها دون انقطاع:
credit-notice-end = ينتهي رصيدك: { $about }
credit-said-end = ينتهي قريبًا رصيد لم تستخدمه. يمكنك استخدامه حتى ذلك الحين:
