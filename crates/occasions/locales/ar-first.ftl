### كلمات المناسبة الجديدة قبل أن يكتب أصحابها كلماتهم.

date-to-follow-text = سنسألكم عمّن سيحضر حالما يُعرف الموعد.
date-to-follow = يُحدَّد الموعد لاحقًا
# The days of the events that a household is invited to.
cover-days = { $first } – { $last }
cover-days-both = { $first } و{ $last }
cover-days-more = { $n ->
    [two] { $first } ويومان آخران
    [few] { $first } و{ $n } أيام أخرى
    [many] { $first } و{ $n } يومًا آخر
   *[other] { $first } و{ $n } يوم آخر
}
card-back-host = العودة إلى صفحتكم
new-names = { $one } و{ $other }
new-title-wedding = حفل زفاف { $names }
new-title-engagement = حفل خطوبة { $names }
new-title-birthday = عيد ميلاد { $names }
new-title-children = حفلة { $names }
new-title-naming = حفل استقبال { $names }
new-title-anniversary = ذكرى زواج { $names }
new-title-kenduri = وليمة { $names }
new-title-company = فعالية { $names }
new-title-memorial = في ذكرى { $names }
new-title-other = مناسبة { $names }
new-kicker-wedding = مع عائلتيهما
new-kicker-engagement = حفل خطوبة
new-kicker-birthday = عيد ميلاد
new-kicker-children = شاركونا الفرحة
new-kicker-naming = أهلًا بالمولود
new-kicker-anniversary = ذكرى الزواج
new-kicker-kenduri = وليمة
new-kicker-memorial = في ذكرى عزيزة
new-event-reception = حفل الاستقبال
new-event-party = الحفل
new-event-service = مراسم التأبين
new-event-dinner = العشاء

# What an invitation says while the hosts have written no words of their own.
invitation-wedding = يسرّنا أن ندعوكم إلى حفل زفافنا.
invitation-engagement = يسرّنا أن ندعوكم إلى حفل خطوبتنا.
invitation-birthday = يسرّنا أن ندعوكم إلى حفل عيد ميلاد.
invitation-children = تعالوا إلى حفلتنا!
invitation-naming = يسرّنا أن تشاركونا فرحتنا بمولودنا.
invitation-anniversary = يسرّنا أن تشاركونا الاحتفال بذكرى زواجنا.
invitation-kenduri = بيتنا مفتوح لكم، فتفضّلوا إلى مائدتنا.
invitation-company = نتطلّع إلى الترحيب بكم.
invitation-memorial = ندعوكم إلى إحياء الذكرى معنا.
invitation-other = يسرّنا أن تكونوا معنا.
