# Gambar dan dokumen tetamu, dan galeri.

upload-title = Kongsi gambar
upload-tile = Gambar dan dokumen
upload-welcome = Kongsi gambar anda pada hari itu, atau dokumen. Tuan rumah melihat setiap satu sebelum orang lain boleh melihatnya.
upload-caption = Apa yang ditunjukkan (pilihan)
upload-file = Gambar atau fail PDF
upload-hint = { $left ->
   *[other] JPEG, PNG, WebP, GIF atau PDF, sehingga { $most } MB setiap satu. Anda boleh menghantar { $left } lagi.
}
upload-place = Kami membuang tempat dan masa yang ditulis oleh telefon anda dalam gambar.
upload-send = Hantar
upload-full = Anda telah menghantar semua fail yang dibenarkan bagi satu jemputan. Buang satu untuk menghantar yang lain.
upload-over = Tiada apa-apa yang boleh dihantar lagi.
upload-own = Apa yang anda hantar
upload-pending = Belum dilihat
upload-approved = Dalam galeri
upload-rejected = Tiada dalam galeri
upload-remove = Buang
upload-refused = { $file }: { $reason }
upload-done-added = Terima kasih! Fail anda telah sampai.
upload-done-some = { $n ->
   *[other] { $n } fail telah sampai. Yang lain tidak diterima.
}
upload-done-removed = Dibuang.
gallery-title = Galeri
gallery-tile = Gambar hari itu
gallery-none = Belum ada gambar di sini.
gallery-pages = Halaman galeri
gallery-previous = Gambar terdahulu
gallery-next = Gambar lagi
gallery-picture = Gambar { $n } daripada { $count }
gallery-back = Sebelumnya
gallery-on = Seterusnya
gallery-all = Semua gambar
gallery-credit = Gambar: { $name }

## After the day

after-on-wedding = Berkahwin pada
after-on-engagement = Bertunang pada
after-on-celebrated = Diraikan pada
after-on-memorial = Dikenang pada
after-on-other = Berlangsung pada
after-came-title = Terima kasih kerana hadir
after-came = Kehadiran anda amat bermakna buat kami.
after-came-names = Kehadiran anda amat bermakna buat kami: { $names }.
after-names = { $names } dan { $last }
after-unknown-title = Terima kasih
after-missed-title = Ketiadaan anda kami rasai
after-missed = Terima kasih kerana mengingati kami.
after-came-title-memorial = Terima kasih kerana bersama kami
after-came-memorial = Kehadiran anda menenangkan hati kami.
after-came-names-memorial = Kehadiran anda menenangkan hati kami: { $names }.
after-missed-title-memorial = Terima kasih
after-missed-memorial = Terima kasih kerana mengingati kami.
after-pictures = Gambar hari itu
after-so-far = { $n } setakat ini
after-share = Kongsi gambar anda
after-see-all = Lihat semua { $n }
after-word = Sepatah kata untuk { $hosts }
after-word-hint = Hanya mereka yang membacanya.
after-word-write = Tulis pesanan
after-word-change = Ubah pesanan anda
after-answers = Jawapan anda
after-answers-and-gift = Jawapan anda, dan hadiah anda
after-gift = Hadiah anda

problem-upload-type = Ini bukan fail JPEG, PNG, WebP, GIF atau PDF, atau gambar itu terlalu besar atau rosak.
    .title = Jenis fail lain
problem-upload-limit = { $limit ->
   *[other] Jemputan ini sudah mempunyai { $limit } fail. Buang satu untuk menghantar yang lain.
}
    .title = Terlalu banyak fail
problem-upload-quota = Tiada lagi ruang untuk gambar majlis ini. Sila beritahu tuan rumah.
    .title = Tiada lagi ruang
