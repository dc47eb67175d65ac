kadkahwin-hello = Selamat datang! Kenduri è qui.
kadkahwin-saved = Grazie. La tua risposta è salvata.
kadkahwin-saved-code = Grazie. La tua risposta è salvata. Il tuo codice per cambiare in seguito: { $code }.
