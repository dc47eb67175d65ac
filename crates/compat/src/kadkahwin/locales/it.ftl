kadkahwin-hello = Selamat datang! Kenduri è qui.
kadkahwin-saved = Grazie. La tua risposta è salvata.
kadkahwin-saved-code = Grazie. La tua risposta è salvata. Il tuo codice per cambiare in seguito: { $code }.
kadkahwin-waiting = Grazie. La tua risposta è salvata. Al momento non ci sono più posti: sei in lista d’attesa.
