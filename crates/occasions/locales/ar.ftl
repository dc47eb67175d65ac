### What guests read, in Arabic. The plural of courtesy; Latin digits; names never
### stand after a prefix that would have to be joined to them.

## Everywhere

guest-questions = للاستفسار: { $contact }
guest-forget = لستم { $household }؟ أزيلوا هذه الدعوة من هذا الجهاز
guest-child = طفل
guest-child-age = { $age ->
    [zero] طفل، أقل من سنة
    [one] طفل، سنة واحدة
    [two] طفل، سنتان
    [few] طفل، { $age } سنوات
    [many] طفل، { $age } سنة
   *[other] طفل، { $age } سنة
}
guest-of = مرافق { $name }
guest-above-allowance = فوق العدد المتفق عليه
guest-your-time = { $time } بتوقيت مكانكم
guest-back = العودة إلى الدعوة

# Between things of a list, and between two sentences.
list-comma = { "، " }
sentence-space = { " " }

## Answers, as stored

reply-yes = حضور
reply-no = اعتذار
reply-undecided = غير مؤكد
reply-pending = لا رد بعد
reply-waitlisted = قائمة الانتظار
reply-waitlisted-explained = سنبلغكم عند توفر مكان.
reply-waitlisted-look = عند توفر مكان سترون ذلك في هذه الصفحة.
reply-waits = أنتم في قائمة الانتظار: { $events }.

count-yes = { $n ->
    [zero] لا أحد سيحضر
    [one] شخص واحد سيحضر
    [two] شخصان سيحضران
    [few] { $n } أشخاص سيحضرون
    [many] { $n } شخصًا سيحضرون
   *[other] { $n } شخص سيحضرون
}
count-no = { $n ->
    [zero] لا أحد اعتذر
    [one] شخص واحد اعتذر
    [two] شخصان اعتذرا
    [few] { $n } أشخاص اعتذروا
    [many] { $n } شخصًا اعتذروا
   *[other] { $n } شخص اعتذروا
}
count-partly = { $n ->
    [zero] لا أحد رد جزئيًا
    [one] شخص واحد رد جزئيًا
    [two] شخصان ردّا جزئيًا
    [few] { $n } أشخاص ردّوا جزئيًا
    [many] { $n } شخصًا ردّوا جزئيًا
   *[other] { $n } شخص ردّوا جزئيًا
}
count-undecided = { $n ->
    [zero] لا أحد حضوره غير مؤكد
    [one] شخص واحد حضوره غير مؤكد
    [two] شخصان حضورهما غير مؤكد
    [few] { $n } أشخاص حضورهم غير مؤكد
    [many] { $n } شخصًا حضورهم غير مؤكد
   *[other] { $n } شخص حضورهم غير مؤكد
}
count-waitlisted = { $n ->
    [zero] لا أحد في قائمة الانتظار
    [one] شخص واحد في قائمة الانتظار
    [two] شخصان في قائمة الانتظار
    [few] { $n } أشخاص في قائمة الانتظار
    [many] { $n } شخصًا في قائمة الانتظار
   *[other] { $n } شخص في قائمة الانتظار
}
count-pending = { $n ->
    [zero] لا أحد بلا رد
    [one] شخص واحد بلا رد
    [two] شخصان بلا رد
    [few] { $n } أشخاص بلا رد
    [many] { $n } شخصًا بلا رد
   *[other] { $n } شخص بلا رد
}

## Closing of answers

closing-day = يُرجى الرد قبل نهاية يوم { $date }. يمكنكم تغيير ردودكم حتى ذلك الحين.
closing-moment = يُرجى الرد قبل { $moment }. يمكنكم تغيير ردودكم حتى ذلك الحين.
closing-tonight = يُرجى الرد اليوم: يُغلق باب الرد عند منتصف هذه الليلة.
closing-today = يُرجى الرد اليوم: يُغلق باب الرد في الساعة { $time }.
closing-days = { $n ->
    [zero] لم يبق أي يوم.
    [one] بقي يوم واحد.
    [two] بقي يومان.
    [few] بقيت { $n } أيام.
    [many] بقي { $n } يومًا.
   *[other] بقي { $n } يوم.
}
closing-soon = { $n ->
    [zero] أي اليوم، { $weekday }.
    [one] أي غدًا، { $weekday }.
    [two] أي بعد يومين، { $weekday }.
    [few] أي بعد { $n } أيام، { $weekday }.
    [many] أي بعد { $n } يومًا، { $weekday }.
   *[other] أي بعد { $n } يوم، { $weekday }.
}
closing-change-day = يمكنكم تغيير ردودكم حتى نهاية يوم { $date }.
closing-change-moment = يمكنكم تغيير ردودكم حتى { $moment }.
closing-change-open = يمكنكم تغيير ردودكم في أي وقت.
closing-passed = أُغلق باب الرد في أثناء وجودكم هنا. أعيدوا تحميل الصفحة لتروا ردودكم المحفوظة.

closed-title = أُغلق باب الرد في { $date }
closed-title-undated = أُغلق باب الرد
closed-text = هذا ما وصلنا منكم.
closed-text-none = لم يصلنا منكم رد.
closed-ask = للتغيير يُرجى التواصل مع { $contact }.
closed-ask-none = إن رغبتم في الرد فيُرجى التواصل مع { $contact }.
locked-title = ردودكم لدى أصحاب الدعوة
locked-title-none = أُغلق باب الرد على دعوتكم
locked-text = لتغيير ردكم يُرجى التواصل مع أصحاب الدعوة.
locked-text-none = إن رغبتم في الرد فيُرجى التواصل مع أصحاب الدعوة.
locked-ask = لتغيير ردكم يُرجى التواصل مع { $contact }.

## Tones: how a household is spoken to

salutation-formal = تحية طيبة إلى { $household }،
salutation-casual = أهلًا { $household }،
salutation-fun = مرحبًا { $household }!

saved-coming-formal = تم الحفظ، شكرًا لكم. نتطلع إلى حضوركم.
saved-coming-casual = تم الحفظ، شكرًا لكم. نتطلع إلى لقائكم.
saved-coming-fun = تم الحفظ، شكرًا لكم. لا يكتمل يومنا إلا بكم!
saved-declined-formal = تم الحفظ، شكرًا لإبلاغنا. سنفتقد حضوركم.
saved-declined-casual = تم الحفظ، شكرًا لإبلاغنا. سنفتقدكم.
saved-declined-fun = تم الحفظ. يا للأسف! لن يكتمل الفرح من دونكم.
saved-waiting = تم الحفظ. أنتم في قائمة الانتظار.
saved-partly = تم الحفظ، شكرًا لكم. ما زالت بعض الردود ناقصة.

## Code entry

code-title = افتحوا دعوتكم
code-label = الرمز المكتوب على بطاقتكم
code-hint = من 5 إلى 8 أحرف أو أرقام
code-open = فتح
code-preview = اكتبوا الرمز المكتوب على بطاقتكم لرؤية الدعوة والرد عليها.
code-alike = الحرف O والرقم 0 سواء، وكذلك I وL والرقم 1. لا فرق بين الأحرف الكبيرة والصغيرة، ولا أثر للمسافات.
code-hosts = لأصحاب الدعوة: تسجيل الدخول
code-malformed = يتكون الرمز من 5 إلى 8 أحرف أو أرقام.
code-unknown = لا نعرف هذا الرمز. الحرف O والرقم 0 سواء، وكذلك I وL والرقم 1.
code-elsewhere = بقيت هذه الصفحة مفتوحة وقتًا طويلًا. يُرجى إرسال الرمز مرة أخرى.
code-too-many = محاولات كثيرة. يُرجى المحاولة بعد { $minutes ->
    [zero] قليل
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $minutes } دقائق
   *[other] { $minutes } دقيقة
}. أما الرابط المرسل من أصحاب الدعوة، والدعوة التي فُتحت من قبل في هذا المتصفح، فما زالا يُفتحان.
code-too-many-hours = محاولات كثيرة. يُرجى المحاولة بعد { $hours ->
    [zero] قليل
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $hours } ساعات
   *[other] { $hours } ساعة
}. أما الرابط المرسل من أصحاب الدعوة، والدعوة التي فُتحت من قبل في هذا المتصفح، فما زالا يُفتحان.
code-name-label = اسم واحد من أسماء الدعوة
code-name-hint = يكفي الاسم الأول أو اسم العائلة.
code-name-required = جُرّبت مؤخرًا رموز خاطئة كثيرة. لفتح دعوتكم يُرجى أيضًا كتابة اسم واحد مذكور فيها.
code-unknown-name = لا نعرف هذا الرمز مع هذا الاسم. الحرف O والرقم 0 سواء، وكذلك I وL والرقم 1.
code-known = فُتحت من قبل على هذا الجهاز
code-continue = متابعة
code-continue-as = المتابعة باسم { $household }

## Portal

portal-title-open = الرد على الدعوة
portal-title-partly = رد جزئي
portal-title-answered = ردودكم
portal-title-closed = أُغلق باب الرد
portal-answer = الرد على الدعوة
portal-answer-rest = إكمال الردود
portal-change = تغيير الردود
portal-answered = وصلتنا ردودكم: { $counts }.
portal-partly = حتى الآن: { $counts }.
portal-the-day = يوم المناسبة
portal-the-days = أيام المناسبة
portal-today = اليوم
portal-days-left = { $n ->
    [zero] لم يبق أي يوم
    [one] بقي يوم واحد
    [two] بقي يومان
    [few] بقيت { $n } أيام
    [many] بقي { $n } يومًا
   *[other] بقي { $n } يوم
}
portal-map = الخريطة
portal-google-maps = خرائط Google
portal-waze = Waze
portal-google-calendar = تقويم Google
preview-household = عائلة النجار
portal-outlook = Outlook
portal-calendar = الإضافة إلى التقويم
portal-schedule = البرنامج
portal-dress = اللباس: { $dress }
portal-yours = ردودكم
people-diets = الاحتياجات الغذائية: { $diets }
portal-more = المزيد
portal-code = رمزكم: { $code }

tile-dietary = الاحتياجات الغذائية
tile-note = رسالة إلى أصحاب الدعوة
tile-none = لا شيء بعد
tile-diets = { $n ->
    [zero] لا أحد
    [one] شخص واحد
    [two] شخصان
    [few] { $n } أشخاص
    [many] { $n } شخصًا
   *[other] { $n } شخص
}
tile-note-written = مكتوبة

## The household form

answer-title = هل ستحضرون؟
answer-intro = رد واحد لكل شخص. يمكنكم ترك بعض الردود والعودة إليها لاحقًا.
answer-jump = الانتقال إلى
answer-everyone = الجميع سيحضر
answer-everyone-done = سُجّل الحضور للجميع. لم يُحفظ شيء بعد.
answer-nobody = لن يتمكن أحد منا من الحضور
answer-nobody-done = سُجّل الاعتذار عن الجميع. لم يُحفظ شيء بعد.
answer-undo = تراجع

choice-yes = نعم
choice-no = لا
choice-undecided = غير مؤكد
choice-yes-to = حضور { $event }، { $person }
choice-no-to = اعتذار عن { $event }، { $person }
choice-undecided-to = حضور { $event } غير مؤكد، { $person }
choice-left = { $n ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $n } أماكن
    [many] بقي { $n } مكانًا
   *[other] بقي { $n } مكان
}
choice-full = اكتمل العدد
choice-full-waiting = اكتمل العدد: قائمة انتظار
choice-left-list = إن احتجتم إلى أماكن أكثر فستُدرجون في قائمة الانتظار.

answer-name = الاسم
answer-add-name = إضافة الاسم
answer-correct-name = تصحيح الاسم
answer-child = طفل
answer-age = العمر
answer-age-unknown = غير مذكور
answer-age-baby = أقل من سنة
answer-remove = إزالة { $name }
answer-remove-unnamed = إزالة هذا الشخص
answer-removed = ستتم الإزالة عند الحفظ. تراجع
answer-taken-back = تمت الإزالة. تراجع

answer-bring = اصطحاب ضيف
answer-bring-family = اصطحاب أفراد من العائلة أو ضيوف
answer-places-people = يمكنكم اصطحاب { $allowed ->
    [zero] ضيوف
    [one] شخص واحد
    [two] شخصين
    [few] { $allowed } أشخاص
    [many] { $allowed } شخصًا
   *[other] { $allowed } شخص
}؛ { $left ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $left } أماكن
    [many] بقي { $left } مكانًا
   *[other] بقي { $left } مكان
}.
answer-places-children = يمكنكم اصطحاب { $allowed ->
    [zero] أطفال
    [one] طفل واحد
    [two] طفلين
    [few] { $allowed } أطفال
    [many] { $allowed } طفلًا
   *[other] { $allowed } طفل
}؛ { $left ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $left } أماكن
    [many] بقي { $left } مكانًا
   *[other] بقي { $left } مكان
}.
answer-places-both = الباقي: { $children ->
    [zero] لا مكان للأطفال
    [one] مكان واحد للأطفال
    [two] مكانان للأطفال
    [few] { $children } أماكن للأطفال
    [many] { $children } مكانًا للأطفال
   *[other] { $children } مكان للأطفال
}، { $guests ->
    [zero] ولا مكان للضيوف
    [one] ومكان واحد للضيوف
    [two] ومكانان للضيوف
    [few] و{ $guests } أماكن للضيوف
    [many] و{ $guests } مكانًا للضيوف
   *[other] و{ $guests } مكان للضيوف
}.
answer-new-person = الشخص { $n }
answer-comes = هذا الشخص سيحضر
answer-all-events = حضور ما تحضرونه أنتم، أو بعضه فقط
answer-add = إضافة شخص
answer-add-child = إضافة طفل
answer-only-children = لم تبقَ إلا أماكن للأطفال.

answer-diets = الاحتياجات الغذائية
answer-diets-count = الاحتياجات الغذائية ({ $n })
answer-diets-for = الاحتياجات الغذائية: { $name }
answer-diets-purpose = الاحتياجات الغذائية: للمطبخ فقط، وتُحذف بعد 30 يومًا من المناسبة.
answer-noted =
    إلى أن تحفظوا، يمكن لأصحاب الدعوة أن يروا في أي أيام فُتح هذا النموذج، وما الذي كان ناقصًا إذا
    تعذّر حفظه. ولا يرون شيئًا مما كتبتموه.
answer-noted-days = { $n ->
    [zero] لم يُفتح بعد.
    [one] فُتح مرة واحدة حتى الآن، في { $last }.
    [two] فُتح مرتين حتى الآن، أولاهما في { $first } وثانيتهما في { $last }.
    [few] فُتح { $n } مرات حتى الآن، أولاها في { $first } وآخرها في { $last }.
    [many] فُتح { $n } مرة حتى الآن، أولاها في { $first } وآخرها في { $last }.
   *[other] فُتح { $n } مرة حتى الآن، أولاها في { $first } وآخرها في { $last }.
}
answer-noted-refused = تعذّر الحفظ في { $day }.
answer-noted-missing = تعذّر الحفظ في { $day }: كان «{ $field }» ناقصًا.
answer-diets-note = أي شيء آخر ينبغي أن يعرفه المطبخ
answer-diets-nobody = لن يحضر أحد، فلا حاجة إلى ذكر الاحتياجات الغذائية.

answer-note = رسالة إلى { $hosts }
answer-note-hint = لا يقرؤها إلا أصحاب الدعوة.
answer-note-left = الأحرف الباقية: { $n } من 4,000

answer-count = تم الرد عن { $n } من { $total }
answer-save = حفظ
answer-saving = جارٍ الحفظ…
answer-unsaved = لم يُحفظ بعد
answer-saved-at = حُفظ في الساعة { $time }
answer-failed = لم يُحفظ شيء. ردودكم ما زالت هنا؛ يُرجى المحاولة مرة أخرى.
answer-elsewhere = بقيت هذه الصفحة مفتوحة وقتًا طويلًا، فلم يُحفظ شيء. ردودكم ما زالت هنا؛ يُرجى حفظها مرة أخرى.
answer-draft = احتفظنا بما كتبتموه ولم تحفظوه.
answer-discard = تجاهله
answer-error-title = خطأ: { $title }

complaint-name-required = يُرجى كتابة اسم ضيفكم، أو إزالة هذا الشخص.
complaint-name-long = الاسم طويل: الحد الأقصى لعدد الأحرف { $n }.
complaint-age = يُرجى اختيار عمر من 0 إلى 17.
complaint-choice = يُرجى اختيار أحد الردود.
complaint-not-invited = هذا الشخص غير مدعو إلى { $event }.
complaint-plus-ones = يمكنكم اصطحاب { $allowed ->
    [zero] ضيوف
    [one] شخص واحد
    [two] شخصين
    [few] { $allowed } أشخاص
    [many] { $allowed } شخصًا
   *[other] { $allowed } شخص
}؛ { $left ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $left } أماكن
    [many] بقي { $left } مكانًا
   *[other] بقي { $left } مكان
}.
complaint-only-children = لم تبقَ إلا أماكن للأطفال. يرجى تحديد «طفل» إن كان طفلًا.
complaint-children = يمكنكم اصطحاب { $allowed ->
    [zero] أطفال
    [one] طفل واحد
    [two] طفلين
    [few] { $allowed } أطفال
    [many] { $allowed } طفلًا
   *[other] { $allowed } طفل
}؛ { $left ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $left } أماكن
    [many] بقي { $left } مكانًا
   *[other] بقي { $left } مكان
}.
complaint-guests = { $n ->
    [zero] لا تتسع الدعوة الواحدة لأحد.
    [one] تتسع الدعوة الواحدة لشخص واحد على الأكثر.
    [two] تتسع الدعوة الواحدة لشخصين على الأكثر.
    [few] أقصى عدد في الدعوة الواحدة { $n } أشخاص.
    [many] أقصى عدد في الدعوة الواحدة { $n } شخصًا.
   *[other] أقصى عدد في الدعوة الواحدة { $n } شخص.
}
complaint-full = الأماكن لا تكفي في { $event }: { $left ->
    [zero] لم يبق مكان
    [one] بقي مكان واحد
    [two] بقي مكانان
    [few] بقيت { $left } أماكن
    [many] بقي { $left } مكانًا
   *[other] بقي { $left } مكان
}.
complaint-diet-note = اخترتم «أخرى»: يُرجى إخبار المطبخ بالمقصود.
complaint-diet-unknown = يُرجى الاختيار من القائمة.
complaint-too-long = النص طويل: الحد الأقصى لعدد الأحرف { $n }.
complaint-named-guest = لا يمكن إزالة هذا الشخص إلا من قِبل أصحاب الدعوة.

## Food needs that every occasion starts with

diet-vegetarian = نباتي
diet-vegan = نباتي صرف
diet-gluten-free = بلا غلوتين
diet-dairy-free = بلا حليب
diet-nut-allergy = حساسية المكسرات
diet-shellfish-allergy = حساسية القشريات والمحار
diet-halal = حلال
diet-kosher = كوشير
diet-no-beef = بلا لحم بقر
diet-no-pork = بلا لحم خنزير
diet-other = أخرى

## ما يسأل عنه أصحاب الدعوة أيضًا

question-household-ask = بعض الأسئلة لكم جميعًا
question-household = عائلتكم
question-required = مطلوب ممن سيحضر.
question-coming = فقط إن كنتم ستحضرون.
question-open = لا جواب
question-yes = نعم
question-no = لا
complaint-question-required = يُرجى الإجابة: { $question }
complaint-question-number = يُرجى كتابة عدد صحيح: { $question }
complaint-question-date = يُرجى كتابة التاريخ هكذا 2027-01-16: { $question }
complaint-question-choice = يُرجى الاختيار من القائمة: { $question }
complaint-question-long = النص طويل جدًا، { $n } حرف على الأكثر: { $question }
complaint-question-gone = أحد الأسئلة لم يعد مطروحًا. يُرجى مراجعة الاستمارة والحفظ مرة أخرى.

## Confirmation

saved-title = تم الحفظ
saved-counts = { $counts }.
saved-calendar = الإضافة إلى التقويم
saved-mail = سنرسل نسخة إلى { $address }.
saved-no-mail = لا نرسل نسخة بالبريد الإلكتروني، لأن هذا الموقع لم يسمح بعد لأصحاب الدعوة بإرسال البريد بحرية. ردودكم محفوظة وترونها هنا.
saved-no-server = لا نرسل نسخة بالبريد الإلكتروني، لأن هذا الموقع لا يرسل بريدًا. ردودكم محفوظة وترونها هنا.

## Food needs and note by themselves

dietary-title = الاحتياجات الغذائية
dietary-intro = لكل من سيحضر أو حضوره غير مؤكد بعد.
note-title = رسالتكم

## Changed meanwhile

conflict-title = غيّر أحدهم هذا في أثناء وجودكم هنا
conflict-text = اختاروا ما تريدون الاحتفاظ به.
conflict-saved = ما حُفظ في هذه الأثناء: { $value }
conflict-yours = ما كتبتموه: { $value }
conflict-nothing = لا شيء
conflict-name = الاسم: { $name }
conflict-merged = جُمع كل ما عدا ذلك.

## Too late

late-title = ما كتبتموه ولم يُحفظ
late-text = أُغلق باب الرد قبل حفظ هذا. يمكنكم نسخه وإرساله إلى أصحاب الدعوة.

## Public page of an occasion

card-title = دعوة
card-enter = هل وصلتكم دعوة؟
card-preparing = قيد الإعداد
card-preparing-text = نعد هذه الصفحة الآن. يُرجى العودة بعد قليل.
card-preparing-host = أنتم وحدكم ترون هذه الصفحة. إنها مسودة.

## After it, when it is archived

thanks-title = شكرًا لكم
thanks-text = شكرًا لأنكم كنتم جزءًا منها.
thanks-days-since = { $n ->
    [0] كان ذلك اليوم.
    [one] كان ذلك أمس.
    [two] كان ذلك قبل يومين.
    [few] كان ذلك قبل { $n } أيام.
    [many] كان ذلك قبل { $n } يومًا.
   *[other] كان ذلك قبل { $n } يوم.
}

## Mail after saving

mail-confirmation-subject = ردودكم: { $hosts }
mail-moved-up-subject = توفر مكان لكم: { $hosts }
mail-moved-up = توفرت أماكن، ولم تعودوا في قائمة الانتظار.
mail-confirmation-list = هذا ما وصلنا منكم:
mail-confirmation-open = فتح الدعوة
mail-confirmation-or = أو انتقلوا إلى { $address } وأدخلوا { $code }.
mail-confirmation-why = وصلتكم هذه الرسالة لأن ردودًا حُفظت باسم { $household }. لستم المقصودين؟ يُرجى إبلاغ { $contact }.
mail-confirmation-why-plain = وصلتكم هذه الرسالة لأن ردودًا حُفظت باسم { $household }.
mail-restricted-subject = ردودكم: { $title }
mail-restricted-saved = تم حفظ ردودكم:
mail-restricted-text =
    { $intro }

    { $about }

    ترونها وتغيّرونها هنا:
    { $link }

    وصلتكم هذه الرسالة لأن أحدًا أجاب عن دعوة بهذا العنوان في { $site }. إن لم تكونوا أنتم، فتجاهلوها.

## Mail to owners, when codes are being guessed

mail-guessing-subject = محاولات لتخمين رموز الدعوات في { $site }
mail-guessing-text =
    مرحبًا { $name }،

    جُرّب في { $site } عدد كبير من رموز الدعوات الخاطئة، وقد يكون أحدٌ يحاول تخمينها. وإلى أن يتوقف ذلك، يُطلب أيضًا ممن يكتب رمزًا اسم واحد من أسماء دعوته.

    لا يلزمكم فعل شيء. الروابط التي أرسلتموها، والأجهزة التي فتحت دعوة من قبل، تعمل كالمعتاد.

    مناسباتكم: { $address }

## Answers without a code

card-events = الموعد والمكان
card-open = ليس لديك رمز؟
card-open-button = أجب دون رمز
card-wishes = التهاني
open-intro = لا تحتاج إلى رمز: أجب عن نفسك وعمّن يأتي معك.
open-name = اسمك
open-attending = هل ستحضر؟
open-party = كم عدد الحاضرين، وأنت منهم
open-party-hint = { $n } على الأكثر.
open-wish = تهنئة إلى { $hosts }
open-wish-public = قد يعرضها أصحاب الدعوة مع اسمك في صفحة المناسبة.
open-contact = إن شئت، أخبر أصحاب الدعوة كيف يصلون إليك. لا يراه سواهم.
open-email = البريد الإلكتروني
open-phone = الهاتف
open-has-code = هل لديك رمز؟ افتح دعوتك
open-unconfirmed = لا يزال على أصحاب الدعوة تأكيد أماكنكم.
open-code = رمزك للتغيير لاحقًا هو { $code }. احتفظ به من فضلك.
complaint-open-name = اكتب لنا اسمك.
complaint-open-email = هذا ليس عنوان بريد إلكتروني. راجعه من فضلك، أو اتركه فارغًا.
complaint-open-party = اختر عددًا من 1 إلى { $n }.
complaint-open-event = يُرجى اختيار أحد الأجوبة لـ{ $event }.
complaint-open-full = { $event }: { $left ->
    [zero] لا مكان حاليًا للردود من دون دعوة
    [one] مكان واحد فقط متاح حاليًا للردود من دون دعوة
    [two] مكانان فقط متاحان حاليًا للردود من دون دعوة
    [few] { $left } أماكن فقط متاحة حاليًا للردود من دون دعوة
    [many] { $left } مكانًا فقط متاح حاليًا للردود من دون دعوة
   *[other] { $left } مكان فقط متاح حاليًا للردود من دون دعوة
}. يُرجى التواصل مع أصحاب الدعوة.

## What can go wrong behind an invitation's code.
problem-invitation-not-found = لا نعرف هذا الرمز. الحرف O والرقم 0 سواء، وكذلك I وL والرقم 1.
    .title = لا نعرف هذا الرمز
problem-invitation-expired = انتهت هذه المناسبة. شكرًا لأنكم كنتم جزءًا منها.
    .title = انتهت المناسبة
problem-name-required = جُرّبت مؤخرًا رموز خاطئة كثيرة. يُرجى أيضًا إرسال اسم واحد مذكور في الدعوة.
    .title = الاسم مطلوب
problem-code-malformed = يتكون الرمز من 5 إلى 8 أحرف أو أرقام.
    .title = يُرجى مراجعة الرمز
problem-phone-digits-lost = فقد هذا الرقم بعض خاناته لأن جدول البيانات اختصره. يُرجى كتابة الرقم كاملًا، أو ترك الحقل فارغًا.
    .title = يُرجى مراجعة رقم الهاتف
problem-code-required = يُرجى استعمال الرمز المكتوب على دعوتكم.
    .title = الرمز غير مذكور
problem-party-size = الجواب الواحد يشمل { $limit ->
    [none] العدد الذي حدده أصحاب الدعوة
   *[other] { $limit } أشخاص
} على الأكثر.
    .title = عدد كبير
problem-rsvp-deadline-passed = { $day ->
    [none] أُغلق باب الرد.
   *[other] أُغلق باب الرد في { $day }.
} { $contact ->
    [none] للتغيير يُرجى التواصل مع أصحاب الدعوة.
   *[other] للتغيير يُرجى التواصل مع { $contact }.
}
    .title = أُغلق باب الرد
problem-invitation-locked = { $contact ->
    [none] لتغيير ردكم يُرجى التواصل مع أصحاب الدعوة.
   *[other] لتغيير ردكم يُرجى التواصل مع { $contact }.
}
    .title = أُغلق باب الرد
problem-occasion-closed = { $contact ->
    [none] أُغلقت صفحة هذه المناسبة. للاستفسار يُرجى التواصل مع أصحاب الدعوة.
   *[other] أُغلقت صفحة هذه المناسبة. للاستفسار يُرجى التواصل مع { $contact }.
}
    .title = أُغلقت صفحة المناسبة
problem-feature-disabled = لا يستعمل أصحاب الدعوة هذا القسم.
    .title = لا يوجد شيء هنا
problem-plus-one-limit = { $allowed ->
    [none] لم يبق مكان لضيف آخر.
    [0] لا مكان لضيف إضافي.
    [one] يمكنكم اصطحاب شخص واحد.
    [two] يمكنكم اصطحاب شخصين.
    [few] يمكنكم اصطحاب { $allowed } أشخاص.
    [many] يمكنكم اصطحاب { $allowed } شخصًا.
   *[other] يمكنكم اصطحاب { $allowed } شخص.
}
    .title = لم يبق مكان
problem-children-limit = { $allowed ->
    [none] لم يبق مكان لطفل آخر.
    [0] لا مكان لطفل إضافي.
    [one] يمكنكم اصطحاب طفل واحد.
    [two] يمكنكم اصطحاب طفلين.
    [few] يمكنكم اصطحاب { $allowed } أطفال.
    [many] يمكنكم اصطحاب { $allowed } طفلًا.
   *[other] يمكنكم اصطحاب { $allowed } طفل.
}
    .title = لم يبق مكان
problem-guest-limit = { $limit ->
    [none] لا تتسع الدعوة لعدد أكبر.
   *[other] أقصى عدد في الدعوة الواحدة هو { $limit }.
}
    .title = العدد كبير
problem-guest-not-found = لا نجد هذا الشخص في الدعوة.
    .title = لم نجد هذا الشخص
problem-named-guest = دُعي هذا الشخص باسمه، ولا يزيله إلا أصحاب الدعوة.
    .title = مدعو باسمه
problem-event-not-invited = هذا الشخص غير مدعو إلى هذا الجزء.
    .title = غير مدعو
problem-event-full = { $left ->
    [none] لم يبق مكان.
    [0] لم يبق مكان.
    [one] بقي مكان واحد فقط.
    [two] بقي مكانان فقط.
    [few] بقيت { $left } أماكن فقط.
    [many] بقي { $left } مكانًا فقط.
   *[other] بقي { $left } مكان فقط.
}
    .title = اكتمل العدد
problem-open-full = لا يمكن حاليًا قبول المزيد من الردود من دون دعوة. يرجى التواصل مع أصحاب الدعوة.
    .title = لا مجال لردود أخرى الآن
problem-dietary-note-required = يُرجى كتابة المقصود بكلمة «أخرى».
    .title = الملاحظة غير مذكورة

## What hosts hand to a messenger, to a telephone or to a mail program

send-subject = دعوة من { $hosts }
send-invite-formal = يتشرف { $hosts } بدعوتكم لمشاركتهم فرحتهم.
send-invite-casual = يسعد { $hosts } أن تكونوا معهم في يومهم.
send-invite-fun = { $hosts } يحتفلون، ولا تكتمل الفرحة من دونكم!
# What stands in the place of still_open, when nothing is answered and when something is.
send-open-all = لم يصلنا ردّكم بعد، ويسعدنا أن نعرف إن كان بإمكانكم الحضور.
send-open = شكرًا على ردّكم. ما زلنا ننتظر بعض الردود بشأن: { $events }.
send-remind = مع أطيب التحيات، { $hosts }
send-event = { $name }: { $words }
send-moved = تغيّر مكان { $event }.
send-hour = الموعد الجديد لـ { $event }: { $now } (سابقًا { $was })، { $zone }.
send-hour-new = موعد { $event }: { $now }، { $zone }.
send-day = التاريخ الجديد لـ { $event }: { $now } (سابقًا { $was }).
send-when-where = تغيّر موعد ومكان { $event }.
send-changed = تغيّر موعد أو مكان { $event }.
send-end-moved = تغيّر موعد انتهاء { $event }.
send-moved-was = سابقًا: { $was }
send-moved-now = الآن: { $now }
send-moved-answer = إن كنتم قد أجبتم فيبقى ردّكم كما هو. للتغيير أو للرد:
send-moved-again = نرجو أن تخبرونا إن كنتم ستحضرون حينها:
send-asked = نسألكم من جديد عن حضور { $event }.
send-cancelled = تم إلغاء { $event }.
send-back = تقرّرت إقامة { $event } بعد العدول عن الإلغاء.
event-place-open = يُحدَّد المكان لاحقًا
event-end-open = وقت الانتهاء غير محدّد
event-cancelled = تم الإلغاء
portal-asked-again = تغيّر موعد أو مكان { $event }. نرجو أن تجيبوا من جديد إن كنتم ستحضرون.
portal-event-changed = تغيّر هذا بعد أن أجبتم.
portal-event-was = تغيّر هذا بعد أن أجبتم. كان: { $was }
event-cancelled-on = تم إلغاء { $event } ({ $day }).
send-thanks = شكرًا من القلب على حضوركم في يومنا.
send-thanks-gift = شكرًا على هديتكم: { $gift }
send-thanks-pictures = صور ذلك اليوم هنا: { $link }
send-thanks-close = مع خالص الامتنان، { $hosts }
send-link = دعوتكم وردكم: { $link }
send-code = رمزكم: { $code }

## Printed cards

print-by = نرجو الرد في موعد أقصاه { $date }.
print-scan = امسحوا الرمز لفتح الدعوة والرد،
print-or = أو زوروا { $address } وأدخلوا هذا الرمز:
print-request = يسعدنا حضوركم.
print-request-memorial = ندعوكم لإحياء الذكرى معنا.

## News of the hosts
news-title = الأخبار
news-changed = { $day }، وعُدِّل في { $changed }
