# الهدايا في صفحات الضيوف.

gift-title = الهدايا
gift-tile = قائمة الأمنيات
gift-welcome = حضوركم أجمل هدية. كل هدية مرحب بها، ومنها المال، ولا بأس إن لم تكن هناك هدية.
gift-none = لا يوجد شيء في القائمة بعد.
gift-taken = محجوزة
gift-given = وصلت، شكرًا لكم!
gift-own = حجزتموها
gift-own-pieces = { $n ->
    [zero] لم تحجزوا شيئًا
    [one] حجزتم واحدة
    [two] حجزتم اثنتين
    [few] حجزتم { $n } قطع
    [many] حجزتم { $n } قطعة
   *[other] حجزتم { $n } قطعة
}
gift-left = { $n ->
    [zero] لم يبق شيء من { $all }
    [one] بقيت واحدة من { $all }
    [two] بقيت اثنتان من { $all }
    [few] بقيت { $n } من { $all }
    [many] بقيت { $n } من { $all }
   *[other] بقيت { $n } من { $all }
}
gift-price-shared = { $n ->
    [zero] { $price }
    [one] { $price }
    [two] { $price }، على حصتين، كل حصة { $part }
    [few] { $price }، على { $n } حصص، كل حصة { $part }
    [many] { $price }، على { $n } حصة، كل حصة { $part }
   *[other] { $price }، على { $n } حصة، كل حصة { $part }
}
gift-shop = مكان الشراء
gift-quantity = كم؟
gift-note = كلمة إلى أصحاب الدعوة
gift-reserve = سأحضر هذه الهدية
gift-change = حفظ
gift-release = إلغاء الحجز
gift-money = المال
gift-open-link = فتح { $host }
gift-holder = الاسم
gift-account = الحساب
gift-bank = المصرف
gift-bic = BIC
gift-reference = البيان
gift-duitnow = رقم DuitNow
gift-qr = امسحوه بتطبيق المصرف
gift-back = العودة إلى الدعوة
gift-done-reserved = تم الحجز. أصحاب الدعوة وحدهم يعرفون أن الهدية منكم.
gift-done-released = أُلغي الحجز، ويمكن لغيركم حجزها الآن.

problem-gift-taken = سبقكم أحد الضيوف: هذه الهدية محجوزة.
    .title = الهدية محجوزة
problem-gift-quantity = { $left ->
    [zero] لم يبق شيء.
    [one] بقيت واحدة فقط.
    [two] بقيت اثنتان فقط.
    [few] بقيت { $left } فقط.
    [many] بقيت { $left } فقط.
   *[other] بقيت { $left } فقط.
}
    .title = لم يبق ما يكفي
problem-gift-needs-attendance = أجيبوا أولًا بأن أحدكم سيحضر، ثم يمكنكم حجز هدية.
    .title = لم يؤكد أحد حضوره بعد
problem-gift-already-given = استلم أصحاب الدعوة هذه الهدية، فلا يمكن تغييرها هنا.
    .title = سُلّمت الهدية
