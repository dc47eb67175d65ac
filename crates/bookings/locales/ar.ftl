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
choice-all = الكل
choice-none = بلا تفضيل
choice-pick = اختر
booking-note-open = ملاحظة (اختيارية)
booking-from = من
booking-show = عرض
booking-zone = كل الأوقات بتوقيت { $zone }.
booking-time-zone = { $time }، { $zone }
booking-nothing = لا يوجد موعد متاح حاليًا.
booking-clear = اعرض كل المواعيد
booking-nothing-next = لا يوجد موعد متاح في هذه الأيام. التالي { $day }.
booking-nothing-free = لا شيء متاح
booking-days = من { $from } إلى { $to }
booking-count-free = المتاح: { $count }
booking-row = { $length }، مع { $name }
booking-do = احجز
booking-free = مجانًا
booking-credits = الرصيد: { $count }
booking-do-credit = احجز برصيد واحد (المتبقي: { $count })
booking-no-credit = يُحجز هذا الموعد برصيد، وليس لديك رصيد.
plan-offered = الباقات
plan-offered-text = تُحجز بعض المواعيد بالرصيد. تمنحك الباقة رصيدًا لعدة أشهر.
plan-none = لا توجد باقات حاليًا.
plan-sign-in = سجّل الدخول للشراء
plan-grants = الرصيد: { $credits }، عدد الأشهر: { $months }
plan-grants-reviews = مراجعات المستندات: { $credits }، عدد الأشهر: { $months }
plan-tiers-text = تتيح لك العضوية أيضًا استخدام ما هو مخصّص للأعضاء.
plan-is-membership = عضوية
plan-left = المتبقي: { $count }
plan-buy = اشترِ مقابل { $sum }
pay-test-mode = لا يستلم هذا الموقع أموالًا حقيقية.
booking-earlier = السابق
booking-later = اللاحق
booking-hours = { $count ->
    [one] ساعة
    [two] ساعتان
    [few] { $count } ساعات
   *[other] { $count } ساعة
}
booking-minutes = { $count ->
    [one] دقيقة
    [two] دقيقتان
    [few] { $count } دقائق
   *[other] { $count } دقيقة
}
booking-for = لمدة { $length }
booking-when = متى
booking-with = مع
booking-where = أين
booking-to-cancel = للإلغاء
booking-cancel-until = حتى { $when }.
booking-cancel-until-paid = مجانًا حتى { $when }. بعد ذلك لا يُرد شيء.
booking-cancel-never = الموعد قريب جدًا ولا يمكن إلغاؤه.
booking-note = ملاحظة إلى { $name } (اختيارية)
booking-hold = نحتفظ لك بهذا الموعد { $minutes } دقيقة أثناء الدفع. لا يُخصم شيء في هذه الصفحة.
booking-to-payment = إلى الدفع، { $sum }
booking-sign-in = سجّل الدخول للحجز
booking-register = أنشئ حسابًا
booking-taken = سبقك أحدهم
booking-taken-text = لم يعد هذا الموعد متاحًا. لم يُخصم شيء.
booking-find = احجز موعدًا
request-ask = اطلب واحدًا من عدة مواعيد
feedback-mean = { $whole }.{ $tenth } من 5، عدد التقييمات: { $count }
slot-online = بالفيديو
slot-room-pool = بالفيديو، في غرفة من الموقع
slot-in-person = حضوريًا
slot-phone = بالهاتف
credit-imported = منقول من نظام آخر

external-calendar = تقويمك الخاص
external-calendar-text = أدخل عنوان https لتقويم تحتفظ به في مكان آخر، مثل العنوان الخاص بصيغة iCal الذي يعرضه برنامج التقويم لديك. يُقرأ كل ساعة. الأوقات التي تتداخل مع موعد فيه لا تُعرض، ولا يُلغى أي حجز بسببه أبدًا.
external-calendar-address = عنوان التقويم
external-calendar-hint = يبدأ بـ https:// وينتهي عادةً بـ .ics. لا يُعرض مرة أخرى بعد حفظه.
external-calendar-read = آخر قراءة: { $when }
external-calendar-unread = تجري قراءته للمرة الأولى.
external-calendar-end = أوقف قراءته
external-calendar-refused = لا يمكن قراءة هذا العنوان: يجب أن يكون عنوان خادم عام. أدخله من جديد.
external-calendar-unreachable = لا يمكن الوصول إلى خادم التقويم. ستُعاد المحاولة خلال ساعة، ويبقى ما قُرئ آخر مرة.
external-calendar-slow = تأخر خادم التقويم في الرد. ستُعاد المحاولة خلال ساعة، ويبقى ما قُرئ آخر مرة.
external-calendar-status = لم يقدّم الخادم التقويم. تحقق من أن العنوان ما زال صحيحًا، وأنه يقود إلى التقويم نفسه لا إلى عنوان آخر.
external-calendar-too-long = التقويم أكبر من 1 ميغابايت. استخدم تقويمًا بمواعيد أقل.
external-calendar-broken = ما في هذا العنوان ليس تقويمًا كاملًا. تحقق من العنوان؛ ويبقى ما قُرئ آخر مرة.
external-calendar-too-much = في التقويم مواعيد كثيرة جدًا. استخدم تقويمًا بمواعيد أقل.
external-calendar-partial = تعذّرت قراءة بعض مواعيد التقويم، وهي لا تخفي أوقاتًا. أما الباقي فيُحتسب كله.
external-calendar-notice = في تقويمك موعد في وقت حجز: { $about }
external-calendar-said = في تقويمك الآن موعد في وقت هذا الحجز. يبقى الحجز كما هو: إن لم تستطع الالتزام به فألغِه بنفسك.
slot-busy = مخفي: أنت مشغول
