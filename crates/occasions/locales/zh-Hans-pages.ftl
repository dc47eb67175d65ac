page-story = 我们的故事
page-travel = 交通指南
page-stay = 住宿建议
page-questions = 常见问答
page-other = 其他页面
page-links = 实用信息
question-meal = { $event }：仅在出席时填写。
question-meal-required = { $event }：出席者请回答。
