kadkahwin-hello = Selamat datang! Kenduri is here.
kadkahwin-saved = Thank you. Your answer is saved.
kadkahwin-saved-code = Thank you. Your answer is saved. Your code for later changes: { $code }.
kadkahwin-waiting = Thank you. Your answer is saved. There are no places left now: you are on the waiting list.
