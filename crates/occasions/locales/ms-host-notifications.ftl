host-hear = Beritahu saya tentang jawapan
host-hear-text = Pilih cara anda diberitahu apabila keluarga menjawab atau mengubah jawapannya. Ini untuk anda sahaja; tuan rumah lain memilih sendiri.
host-hear-no-mail = E-mel tentang jawapan belum dapat dihantar: pengendali laman ini perlu membenarkan majlis ini menghantar e-mel dahulu. Makluman di laman tetap berfungsi.
host-hear-by-mail = Melalui e-mel
host-hear-on-site = Melalui makluman di laman
host-hear-hour = Waktu pemberitahuan harian
host-hear-hour-hint = Hanya untuk “sekali sehari”.
host-hear-at-once = Serta-merta
host-hear-daily = Sekali sehari
host-hear-never = Tidak pernah
host-notice-answer = { $about } telah menjawab.
host-notice-answers = { $about }: ada jawapan baharu.
host-heard-subject-one = { $household } telah menjawab: { $hosts }
host-heard-subject = { $n } keluarga telah menjawab: { $hosts }
host-heard-yes = { $n } akan hadir
host-heard-no = { $n } tidak hadir
host-heard-open = { $n } belum menjawab
host-heard-more = Dan { $n } keluarga lagi.
host-heard-text =
    Salam { $name },

    jawapan untuk { $hosts } telah disimpan:

    { $households }

    Semua jawapan, yang terbaharu dahulu:
    { $list }

    Anda memilih untuk menerima e-mel ini. Kekerapannya, atau menghentikannya, boleh dipilih di sini:
    { $settings }
