kadkahwin-hello = Selamat datang! Kenduri is here.
kadkahwin-saved = Thank you. Your answer is saved.
kadkahwin-saved-code = Thank you. Your answer is saved. Your code for later changes: { $code }.
