page-story = قصتنا
page-travel = كيفية الوصول
page-stay = أماكن الإقامة
page-questions = أسئلة وأجوبة
page-other = صفحة أخرى
page-links = معلومات مفيدة
question-meal = { $event }: فقط إن كنتم ستحضرون.
question-meal-required = { $event }: مطلوب ممن سيحضر.
