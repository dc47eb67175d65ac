kadkahwin-hello = Selamat datang！Kenduri 在此。
kadkahwin-saved = 谢谢。您的回复已保存。
kadkahwin-saved-code = 谢谢。您的回复已保存。以后更改用的邀请码：{ $code }。
kadkahwin-waiting = 谢谢。您的回复已保存。目前名额已满：您在候补名单中。
