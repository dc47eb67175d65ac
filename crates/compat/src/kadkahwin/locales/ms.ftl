kadkahwin-hello = Selamat datang! Kenduri ada di sini.
kadkahwin-saved = Terima kasih. Jawapan anda telah disimpan.
kadkahwin-saved-code = Terima kasih. Jawapan anda telah disimpan. Kod anda untuk perubahan kemudian: { $code }.
kadkahwin-waiting = Terima kasih. Jawapan anda telah disimpan. Tempat sudah penuh buat masa ini: anda berada dalam senarai menunggu.
