kadkahwin-hello = أهلًا وسهلًا! كندوري هنا.
kadkahwin-saved = شكرًا لك. حُفظ جوابك.
kadkahwin-saved-code = شكرًا لك. حُفظ جوابك. رمزك للتغيير لاحقًا: { $code }.
kadkahwin-waiting = شكرًا لك. حُفظ جوابك. لا توجد أماكن الآن: أنت في قائمة الانتظار.
