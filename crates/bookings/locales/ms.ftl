# What everybody reads.
booking-menu = Tempah
booking-title = Tempah masa
booking-title-with = Tempah masa dengan { $name }
booking-next = Seterusnya: { $when }
booking-kind = Jenis
booking-kind-all = Semua jenis
choice-session-type = Jenis sesi
choice-level = Tahap
choice-entry = Mengenai
choice-track = Laluan
entry-levels = Tahap
choice-all = Semua
choice-none = Tiada pilihan khusus
choice-pick = Pilih
booking-note-open = Nota (pilihan)
booking-topics-open = Topik (pilihan)
booking-topics-hint = Satu pada setiap baris, sehingga 10.
booking-topics = Topik
booking-shows-email = Penyedia melihat alamat e-mel saya setelah ditempah
booking-from = Dari
booking-show = Papar
booking-more-filters = Tapisan lain
booking-area = Kawasan
booking-max-price = Harga maksimum ({ $currency })
booking-min-length = Sekurang-kurangnya
booking-way = Ditempah dengan
booking-by-money = Wang, atau percuma
booking-more = Masa lain pada hari-hari ini
booking-zone-device = Semua masa mengikut { $zone }, seperti pada peranti anda.
booking-zone-place = Semua masa mengikut { $zone }, tempat sesi diadakan.
zone-title = Zon waktu anda
zone-text = Pilih tempat yang jamnya anda baca. Tiada sesi yang berubah.
zone-search = Bandar atau negara
zone-search-hint = New York, India, UTC+3
zone-find = Cari
zone-found = Hasil carian
zone-nothing = Tiada tempat dengan nama ini. Cuba bandar besar terdekat, nama negara, atau beza seperti UTC+3.
zone-yours = Untuk anda
zone-of-device = Menurut peranti anda
zone-of-site = Tempat laman ini
zone-chosen = Pilihan anda
zone-areas = Mengikut rantau
zone-change = Tukar zon
zone-area-africa = Afrika
zone-area-america = Amerika
zone-area-asia = Asia
zone-area-europe = Eropah
zone-area-pacific = Australia dan Pasifik
zone-area-oceans = Atlantik, Lautan Hindi, Antartika
booking-at-place = { $place } ({ $reader })
booking-zone-mails = E-mel anda
booking-zone-take-over = Guna { $zone } untuk e-mel anda juga
booking-time-own = Dalam zon akaun anda: { $when }
booking-their-time = Bagi penyedia: { $when }
booking-nothing = Tiada masa lapang buat masa ini.
booking-clear = Papar semua masa
new-slots-newsletter = Masa baharu untuk ditempah, melalui e-mel setiap pagi
booking-nothing-next = Tiada masa lapang pada hari-hari ini. Yang berikutnya { $day }.
booking-nothing-free = tiada yang lapang
booking-days = { $from } hingga { $to }
booking-count-free = { $count } lapang
booking-row = { $length }, dengan { $name }
booking-do = Tempah
booking-free = Percuma
credit-count = { $count } kredit ({ $kind })
plan-lasts = untuk { $months } bulan
plan-lasts-days = untuk { $days } hari
booking-do-credit = Tempah dengan 1 kredit (baki { $count })
booking-no-credit = Masa ini ditempah dengan kredit, dan anda tiada kredit.
booking-no-membership = Masa ini untuk ahli, dan anda bukan ahli sekarang. Satu pelan menjadikan anda ahli.
booking-credit-frozen = Kredit anda tidak boleh digunakan sekarang, kerana bayarannya dipertikaikan atau sedang dipulangkan.
plan-see = Lihat pelan
plan-offered = Pelan
plan-offered-text = Sesetengah masa ditempah dengan kredit. Pelan memberi anda kredit untuk beberapa bulan.
plan-none = Tiada pelan buat masa ini.
plan-sign-in = Log masuk untuk membeli
plan-tiers-text = Keahlian juga membolehkan anda menggunakan apa yang khas untuk ahli.
plan-is-membership = Keahlian
plan-has-review-calls = Dokumen boleh disemak dalam panggilan.
plan-left = Tinggal { $count }
plan-buy = Beli dengan harga { $sum }
booking-earlier = Sebelumnya
booking-later = Kemudian
booking-for = untuk { $length }
booking-when = Bila
booking-with = Dengan
booking-where = Di mana
booking-places = Tempat duduk
booking-seats = { $seats } tempat, { $left ->
    [0] penuh
   *[other] tinggal { $left }
}
booking-seats-own = Berapa tempat
booking-seats-hint = Hingga { $most }. Setiap satu: { $price }
booking-seats-total = { $count } × { $each } = { $sum }
booking-names = Siapa yang datang (pilihan)
booking-names-hint = Satu nama pada setiap baris.
booking-full = Kelas ini sudah penuh.
waiting-title = Senarai menunggu
waiting-others = { $count } orang lain sedang menunggu.
waiting-kept-for = Jika ada tempat kosong, kami simpan untuk yang pertama menunggu, sehingga { $hours } jam, dan menulis kepada mereka. Anda membayar hanya ketika itu.
waiting-seats = Berapa tempat yang anda perlukan?
waiting-seats-hint = Anda ditanya apabila kesemuanya kosong serentak. Yang memerlukan lebih sedikit mungkin ditanya dahulu.
waiting-count = { $count } tempat
waiting-at-once = Tempahkan untuk saya
waiting-at-once-hint = Tanpa bertanya, jika kelas bermula 12 jam kemudian atau lebih dan anda ada kredit yang diperlukan. Jika tidak, kami bertanya dahulu.
waiting-join = Sertai senarai menunggu
waiting-see = Anda melihat giliran anda, dan keluar daripada senarai, di Tempahan saya.
waiting-sign-in = Log masuk untuk menyertai senarai menunggu
waiting-asked = Disimpan untuk anda
waiting-waiting = Anda menunggu
waiting-kept-until = { $count } tempat disimpan untuk anda hingga { $until }.
waiting-you-wait = Anda menunggu { $count } tempat. { $others ->
    [0] Tiada siapa menunggu sebelum anda.
   *[other] { $others } orang lain menunggu.
}
waiting-give-back = Lepaskan tempat ini
waiting-leave = Keluar daripada senarai menunggu
booking-to-cancel = Pembatalan
booking-cancel-until = Hingga { $when } anda boleh membatalkan atau memindahkannya tanpa rugi apa-apa. Selepas itu anda hanya boleh membatalkannya.
booking-cancel-until-paid = Hingga { $when } anda boleh membatalkan atau memindahkannya tanpa rugi apa-apa. Selepas itu tiada bayaran balik.
booking-cancel-until-share = Hingga { $when } anda boleh membatalkan atau memindahkannya tanpa rugi apa-apa. Selepas itu { $share } % daripada harga dibayar balik.
booking-cancel-never = Anda boleh membatalkannya sehingga ia bermula, tetapi tiada bayaran balik.
booking-note = Nota untuk { $name } (pilihan)
booking-answer-optional = { $question } (pilihan)
booking-hold = Masa ini kami simpan untuk anda selama { $minutes } minit sementara anda membayar. Tiada caj di halaman ini.
booking-to-payment = Ke bayaran, { $sum }
booking-sign-in = Log masuk untuk menempah
booking-register = Buat akaun
booking-invited = Tempahan memerlukan akaun, dan akaun di sini dibuat melalui jemputan. Minta jemputan daripada pengurus laman ini.
booking-taken = Ada yang lebih cepat
booking-taken-text = Masa ini sudah tidak lapang lagi. Tiada caj dikenakan.
booking-others = Masa lain
booking-find = Tempah masa
request-ask = Minta salah satu daripada beberapa masa
offered-list-title = Tempah sesi
offered-pick = Pilih sesi, kemudian masa.
offered-cancel = Batal percuma hingga { $length } sebelumnya.
offered-cancel-any = Batal percuma hingga sesi bermula.
offered-from = dari { $price }
offered-with = Dengan { $names }
offered-with-anyone = Sesiapa sahaja
offered-places = { $count } tempat
offered-seats-left = { $left ->
    [0] penuh
   *[other] tinggal { $left } daripada { $seats }
}
offered-single-times = Masa tunggal, minggu demi minggu
offered-plans = Merancang beberapa sesi?
offered-all = Semua sesi
offered-other-time = Masa lain
offered-length = Tempoh
offered-day = { $day }: { $count } masa lapang
offered-class-day = { $day }: { $count ->
    [0] penuh
   *[other] { $count } tarikh
}
offered-month-earlier = Sebelumnya: { $month }
offered-month-later = Kemudian: { $month }
offered-month-nothing = Tiada masa lapang pada { $month }.
offered-morning = Pagi
offered-afternoon = Petang
offered-evening = Malam
offered-night = Lewat malam
offered-night-count = { $count } antara tengah malam dengan 6 pagi
offered-clock-change = Jam berubah pada hari ini.
request-pick = Pilih masa yang hendak diminta.
request-back = Kembali kepada permintaan
feedback-mean = { $whole }.{ $tenth } daripada 5, daripada { $count } penilaian
slot-online = Melalui video
slot-room-pool = Melalui video, di bilik laman ini
slot-in-person = Bersemuka
slot-phone = Melalui telefon

## Hosts: what members, providers and administrators read, and what is refused.

booking-first-page = Tempah sesi
booking-given = Sesi yang anda beri
booking-menu-list = Tempahan
slot-menu-week = Minggu
slot-menu-profile = Profil anda
request-menu = Permintaan
review-menu = Dokumen
payout-menu = Bayaran keluar
session-menu-all = Semua sesi
money-menu = Wang
money-overview = Ringkasan
money-months = Bulan lain
money-in = Diterima
money-back = Dibayar balik
money-owed = Terhutang kepada penyedia
money-waits = Sedang menunggu
money-unpaid = Dipesan, belum dibayar
money-under-way = Sedang dikembalikan
money-month-before = Bulan sebelumnya
money-month-next = Bulan berikutnya
money-set-up = Tetapan
money-plans = Pelan dan harga
money-rates = Bayaran kepada penyedia
money-rules = Pembayaran, cukai dan resit
to-do-title = Perlu tindakan anda
to-do-unpaid = Bayar untuk mengekalkan { $count } tempahan
to-do-claims = Ada yang mengatakan anda tidak hadir. Jawab { $count } aduan
to-do-outcomes = { $count } sesi telah tamat. Adakah ia berlangsung?
to-do-requests = { $count } permintaan menunggu jawapan anda
to-do-documents = { $count } dokumen menunggu ulasan
to-do-disputes = { $count } aduan menunggu keputusan
to-do-unanswered = { $count } permintaan tidak dijawab selama dua hari
to-do-refunds = { $count } orang meminta wang mereka dikembalikan
to-do-findings = { $count } percanggahan perlu tindakan anda
to-do-disputed = Bank mempertikaikan { $count } bayaran
to-do-batches = { $count } kelompok bayaran menunggu langkah seterusnya
to-do-payouts = { $count } bayaran keluar untuk diluluskan
booking-role-provider = Penyedia: menawarkan masa
booking-scope-read = melihat tempahan dan masa anda
booking-scope-write = menawarkan masa, serta menempah dan membatalkan yang percuma
booking-event-confirmed = satu tempahan disahkan
booking-event-moved = satu tempahan dipindahkan
booking-event-cancelled = satu tempahan dibatalkan
booking-event-completed = satu sesi telah berlangsung
booking-event-order-paid = satu pesanan dibayar
booking-event-refund-processed = satu bayaran balik dihantar
booking-event-payout-sent = satu bayaran kepada penyedia dihantar

# A member's bookings.
booking-mine = Tempahan saya
booking-to-do = Menunggu tindakan anda
booking-begin = Tempahan
booking-begin-text = Cari masa yang sesuai
booking-coming = Akan datang
booking-coming-more = Yang berikutnya
booking-past = Lepas
booking-none = Belum ada tempahan.
booking-line = { $title }, dengan { $name }
booking-with-nobody = seseorang yang akaunnya telah dipadam
booking-pay-until = bayar sebelum { $time }
booking-pay = Bayar
booking-back = Semua tempahan
calendar-feed = Kalendar anda
calendar-feed-text = Program kalendar yang menerima alamat ini memaparkan sesi anda dan mengikuti perubahannya. Sesiapa yang ada alamat ini boleh membacanya: jangan edarkan.
calendar-feed-address = Alamat
calendar-feed-make = Buat alamat
calendar-feed-renew = Buat alamat lain
calendar-feed-end = Tamatkan alamat ini
booking-their-time-member = Bagi ahli: { $when }
booking-price = Harga
booking-own-note = Nota
booking-reason = Sebab
booking-calendar = Tambah ke kalendar
booking-cancel-closed = Sudah terlambat untuk bayaran balik. Anda masih boleh membatalkannya.
booking-cancel-closed-share = Anda masih boleh membatalkannya: { $share } % daripada harga dibayar balik.
booking-pending = Belum dibayar
booking-confirmed = Disahkan
booking-expired = Tidak dibayar tepat masa
booking-cancelled = Dibatalkan
booking-completed = Selesai
booking-no-show-member = Ahli tidak hadir
booking-no-show-provider = Penyedia tidak hadir
outcome-completed = Sesi berlangsung
outcome-no-show-member = { $name ->
    [none] Laporkan bahawa ahli tidak hadir…
   *[other] Laporkan bahawa { $name } tidak hadir…
}
outcome-no-show-provider = { $name ->
    [none] Laporkan bahawa penyedia tidak hadir…
   *[other] Laporkan bahawa { $name } tidak hadir…
}
outcome-question = { $outcome ->
    [no_show_member] Laporkan bahawa ahli tidak hadir ke “{ $title }”?
   *[other] Laporkan bahawa penyedia tidak hadir ke “{ $title }”?
}
outcome-facts = { $outcome ->
    [no_show_member] Wang dan kredit tidak dikembalikan. Ahli menerima e-mel dan boleh membantah.
   *[other] { $by ->
        [member] { $answered ->
            [1] Sesi itu ditandakan telah berlangsung, jadi seorang pentadbir akan memutuskan. Sehingga itu tiada wang dipindahkan.
           *[other] Penyedia menerima e-mel dan diberi masa untuk menjawab. Sehingga itu tiada wang dipindahkan.
        }
       *[other] Wang dan kredit dipulangkan kepada ahli, dan penyedia tidak dibayar.
    }
}
outcome-undo = Anda boleh menariknya balik sehingga ia diselesaikan.
outcome-do = Hantar laporan
claim-title = Siapa yang tidak hadir
claim-all = Aduan
claim-all-text = Di sini kedua-dua pihak memberi keterangan yang berbeza tentang sesuatu sesi. Baca kedua-duanya, kemudian putuskan. Tiada sesiapa memutuskan kesnya sendiri selagi ada pentadbir di luar kes itu.
claim-none = Tiada apa-apa di sini.
claim-open = menunggu jawapan
claim-agreed = dipersetujui
claim-disputed = menunggu keputusan
claim-decided = diputuskan
claim-lapsed = tidak dijawab
claim-withdrawn = ditarik balik
claim-says = { $claimant ->
    [member] { $reader ->
        [member] Anda berkata penyedia tidak hadir.
        [provider] Ahli berkata anda tidak hadir.
       *[other] Ahli berkata penyedia tidak hadir.
    }
   *[other] { $reader ->
        [provider] Anda berkata ahli tidak hadir.
        [member] Penyedia berkata anda tidak hadir.
       *[other] Penyedia berkata ahli tidak hadir.
    }
}
claim-please-answer = Sila jawab sebelum { $until }. { $claimant ->
    [member] Tanpa jawapan, bayaran dipulangkan kepada ahli, dan anda tidak dibayar.
   *[other] Tanpa jawapan, laporan itu kekal, dan tiada bayaran balik.
}
claim-waits = Pihak yang satu lagi boleh menjawab hingga { $until }. { $claimant ->
    [member] Sehingga itu tiada wang dipindahkan. Tanpa jawapan, bayaran dipulangkan.
   *[other] Tanpa jawapan, laporan itu kekal.
}
claim-is-disputed = Seorang pentadbir membaca keterangan kedua-dua pihak lalu memutuskan. Sehingga itu tiada wang dipindahkan.
claim-own = Anda salah satu daripada dua pihak, jadi pentadbir lain yang memutuskan.
claim-own-alone = Anda salah satu daripada dua pihak. Tiada pentadbir di luar kes ini, jadi anda boleh memutuskannya sendiri.
claim-was-agreed = Pihak yang satu lagi bersetuju.
claim-was-lapsed = Pihak yang satu lagi tidak menjawab sebelum { $until }.
claim-was-decided = Seorang pentadbir telah memutuskan: { $outcome ->
    [completed] sesi itu telah berlangsung.
    [no_show_member] ahli tidak hadir.
   *[other] penyedia tidak hadir.
}
claim-was-withdrawn = Ia telah ditarik balik.
claim-answer = Jawapan anda
claim-took-place = Sesi berlangsung
claim-agree = { $claimant ->
    [member] Benar, saya tidak hadir: bayaran dipulangkan serta-merta
   *[other] Benar, saya tidak hadir
}
claim-happened = Apa yang berlaku
claim-happened-hint = Pihak yang satu lagi dan pentadbir membacanya. Hingga 500 aksara.
claim-send-answer = Hantar jawapan
claim-withdraw = Tarik balik laporan
claim-decision = Apa yang terjadi dengan sesi itu
claim-decide-provider = Penyedia tidak hadir: semuanya dibayar balik
claim-decide-member = Ahli tidak hadir
claim-refund = Tetap dibayar balik
claim-refund-hint = Kosong: tiada. Jika penyedia tidak hadir, semuanya dibayar balik.
claim-reason-hint = Kedua-dua pihak membacanya. 5 aksara atau lebih.
claim-decide = Putuskan
claim-decide-question = Putuskan begitu?
claim-decide-facts = { $outcome ->
    [completed] Sesi itu diadakan.
    [no_show_member] Ahli tidak hadir.
   *[other] Penyedia tidak hadir.
} { $money ->
    [none] Tiada wang dibayar balik.
    [credit] { $outcome ->
        [no_show_provider] Kredit kembali kepada ahli.
       *[other] Kredit kekal digunakan.
    }
   *[other] { $money } dipulangkan kepada ahli.
}
    Kedua-dua pihak membaca sebabnya: “{ $reason }”
claim-decide-undo = Wang yang dibayar balik tidak dapat ditarik semula.
claim-mail-open = Sila jawab: adakah anda hadir? { $about }
claim-mail-disputed = Pentadbir akan memutuskan: { $about }
claim-mail-settled = Sudah selesai: { $about }
claim-mail-withdrawn = Ditarik balik: { $about }
claim-said-open = { $with } berkata anda tidak hadir. Sila jawab sebelum { $until }. { $claimant ->
    [member] Tanpa jawapan, bayaran dipulangkan kepada ahli, dan anda tidak dibayar.
   *[other] Tanpa jawapan, laporan itu kekal, dan tiada bayaran balik.
}
claim-said-disputed = { $claimant ->
    [member] Ahli berkata penyedia tidak hadir, dan penyedia berkata sebaliknya.
   *[other] Penyedia berkata ahli tidak hadir, dan ahli berkata sebaliknya.
} Seorang pentadbir membaca kedua-duanya lalu memutuskan. Sehingga itu tiada wang dipindahkan.
claim-said-agreed = { $claimant ->
    [member] Penyedia mengaku tidak hadir. Bayaran dipulangkan.
   *[other] Ahli mengaku tidak hadir.
}
claim-said-lapsed = { $claimant ->
    [member] Penyedia tidak menjawab sebelum { $until }. Bayaran dipulangkan kepada ahli.
   *[other] Ahli tidak menjawab sebelum { $until }. Laporan bahawa ahli tidak hadir itu kekal.
}
claim-said-decided = Seorang pentadbir telah memutuskan: { $outcome ->
    [completed] sesi itu telah berlangsung.
    [no_show_member] ahli tidak hadir.
   *[other] penyedia tidak hadir. Wang dan kredit dipulangkan kepada ahli.
}{ $back ->
    [none] {""}
   *[other] {" "}{ $back } dikembalikan kepada ahli.
}
claim-said-withdrawn = { $with } menarik balik laporan bahawa seseorang tidak hadir.
claim-notice-disputed = Dua pihak berselisih tentang siapa yang hadir: { $about }
booking-party-member = ahli
booking-party-provider = penyedia
booking-party-administrator = pentadbir
booking-was-booked = Sudah ditempah. E-mel dengan fail kalendar sedang dihantar.
booking-was-paid = Sudah dibayar dan ditempah. E-mel dengan fail kalendar sedang dihantar.
booking-was-moved = Sudah dipindahkan. E-mel dengan masa baharu sedang dihantar.
booking-was-cancelled = Sudah dibatalkan.
late-kept = Dibatalkan selepas tarikh akhir: { $kept } disimpan, { $back ->
    [none] tiada yang dibayar balik.
   *[other] { $back } dibayar balik.
}
late-credit = Dibatalkan selepas tarikh akhir: kredit yang digunakan kekal digunakan.
late-may-ask = { $reader ->
    [member] Anda masih boleh meminta bakinya, dan laman ini menjawab melalui e-mel.
   *[other] Ahli masih boleh meminta bakinya daripada laman ini.
}
late-ask = Minta bakinya
booking-cancel-ask = Batalkan tempahan ini…
booking-cancel-question = Batalkan “{ $title }”?
booking-cancel-facts = { $until ->
        [none] { "" }
       *[other] Belum ada apa-apa dibatalkan. Semasa halaman ini terbuka, jumlah yang dibayar balik telah berubah: anda tidak rugi apa-apa hanya sehingga { $until }.
    }
    { $by ->
        [provider] { $when } tidak ditawarkan lagi, dan ahli dimaklumkan melalui e-mel.
       *[other] { $when } menjadi lapang untuk orang lain.
    }
    { $money ->
        [none] Tiada bayaran dibuat.
        [credit] Kredit itu dipulangkan.
        [late] Tiada bayaran balik.
        [late-credit] Kredit itu tidak dikembalikan.
        [unpaid] Tiada caj dikenakan.
       *[other] { $money } dibayar balik.
    }
booking-cancel-undo = { $by ->
        [provider] Pembatalan ini tidak boleh ditarik balik.
       *[other] Pembatalan ini tidak boleh ditarik balik. Masa itu boleh ditempah semula selagi masih lapang.
    }
booking-cancel-do = Batalkan tempahan
seat-number = Tempat { $number }
seat-taken = Diambil
seat-cancelled = Dipulangkan
seat-came = Hadir
seat-missed = Tidak hadir
seat-names-save = Simpan nama
seats-cancel = Tempat untuk dipulangkan
seats-cancel-ask = Pulangkan tempat ini…
seats-cancel-question = Pulangkan { $count } tempat dalam “{ $title }”?
seats-cancel-facts = Tempat anda yang lain pada { $when } kekal. Yang ini menjadi lapang untuk orang lain.
    { $money ->
        [none] Tiada bayaran dibuat.
        [credit] Kreditnya dipulangkan.
        [late] Tiada bayaran balik.
        [late-credit] Kreditnya tidak dikembalikan.
       *[other] { $money } dibayar balik.
    }
seats-cancel-undo = Ini tidak boleh dibatalkan.
seats-cancel-do = Pulangkan tempat
seats-add = Tambah tempat
seats-add-names = Siapa lagi yang hadir (pilihan)
seats-were-added = Tempat itu sudah ditambah. E-mel sedang dihantar.
seats-were-cancelled = Tempat sudah dipulangkan. E-mel sedang dihantar.
seats-missed = Siapa yang tidak hadir
seats-missed-save = Simpan kehadiran
booking-move = Pindah
booking-move-from = Sekarang: { $when }.
booking-move-money = { $money ->
    [credit] Kredit anda kekal pada tempahan ini.
   *[other] Bayaran anda kekal pada tempahan ini: { $money }.
}
booking-move-closed = Sudah terlewat untuk memindahkannya. Itu boleh dibuat hingga { $when }.
booking-moves-left = Anda boleh memindahkannya { $count } kali lagi.
booking-move-none = Tiada masa lain yang lapang dengan harga yang sama.
booking-move-taken = Masa ini tidak lapang lagi.
booking-move-here = Pindah ke sini
booking-cancel-form = Batal

# Paying.
pay-title = Bayaran
pay-test-mode = Tiada wang sebenar: laman ini sedang diuji.
pay-until = Disimpan untuk anda hingga { $time }
pay-until-text = Selepas itu orang lain boleh mengambilnya.
pay-order = Pesanan anda
pay-now = Perlu dibayar sekarang
pay-do = Bayar { $sum }
pay-do-with = Bayar { $sum } dengan { $name }
pay-go = Terus ke { $name }
pay-go-text = Anda membayar di halaman { $name }, dan kembali ke sini. Nombor kad tidak pernah sampai ke laman ini.
pay-give-back = Lepaskan masa ini
pay-letter = Anda menerima e-mel dengan masa, tempat dan fail kalendar.
pay-failed = Bayaran tidak berjaya. Tiada caj dikenakan; cuba lagi.
pay-waiting = Perkhidmatan pembayaran belum mengesahkan bayaran itu. Halaman ini menyemak semula setiap beberapa saat.
pay-we-write = Perkhidmatan pembayaran masih belum mengesahkan bayaran itu. Anda tidak perlu menunggu di sini: kami akan menghantar e-mel kepada anda.
pay-check = Semak sekarang
pay-paid = Ini sudah dibayar.
pay-part-comes-back = Sudah dibayar. { $sum } daripadanya sedang dikembalikan kepada anda.
pay-part-back = Sudah dibayar. { $sum } daripadanya telah dibayar balik.
pay-wrong-sum = { $sum } diterima, sedangkan { $price } perlu dibayar. Pesanan ini belum dibayar, dan { $sum } sedang dikembalikan kepada anda.
pay-returned = Dibayar balik
pay-returning = Sedang dikembalikan kepada anda
pay-back-failed = { $sum } belum dapat dibayar balik. Kami akan menguruskannya, dan menghantar e-mel kepada anda.
pay-terms-unused = Berubah fikiran? Dalam { $days } hari, dan selagi tiada yang digunakan, semuanya dikembalikan.
pay-terms-offer = Jika tiada sesi dapat ditawarkan kepada anda dalam { $days } hari, semuanya dibayar balik.
order-tax = { $sum } daripadanya ialah { $tax } ({ $rate } %)
order-back = { $sum } telah dibayar balik
receipt-title = Resit
receipt-test = Ujian. Tiada wang sebenar dibayar.
receipt-from = Dibayar kepada
receipt-for = Dibayar oleh
receipt-date = Tarikh
receipt-with = Dibayar dengan
receipt-left = Baki
receipt-booking = Tempahan
pay-expired = Masa itu disimpan hingga kini, dan orang lain boleh mengambilnya. Jika anda telah membayar, anda mendapat masa itu atau wang anda kembali.
pay-plan-expired = Pesanan ini terbuka selama sehari. Jika anda telah membayar, anda mendapat kreditnya.
pay-comes-back = Ini tidak dapat diberikan, atau dibatalkan. Wang anda dikembalikan.
pay-refunded = Wang anda telah dibayar balik.
order-created = belum dibayar
order-paid = dibayar
order-refunded = dibayar balik
order-disputed = Dipertikaikan
order-comes-back = dibayar, sedang dikembalikan
order-part-comes-back = dibayar, { $sum } daripadanya sedang dikembalikan
order-part-back = dibayar, { $sum } daripadanya telah dibayar balik
order-expired = tidak dibayar tepat masa
order-all = Pesanan
order-none = Belum ada pesanan.
order-own-none = Anda belum membuat sebarang pesanan.
order-receipt = resit { $number }
credit-mine = Kredit dan pelan
membership-mine = Keahlian
membership-from = dari { $from } hingga { $until }
credit-left = Boleh digunakan
credit-none = Anda tiada kredit.
credit-until = hingga { $date }
credit-entries = Sejarah
credit-bought-with = { $credits } dibeli dengan { $plan }
credit-used-for = Digunakan untuk { $title }, { $day }
credit-used-for-review = Digunakan untuk ulasan: { $title }
credit-back-from = Dipulangkan: { $title }, { $day }
credit-back-from-review = Dipulangkan daripada ulasan: { $title }
credit-replaced-from = Dipulangkan sebagai kredit baharu: { $title }, { $day }
credit-granted = Dibeli
credit-booked = Ditempah
credit-returned = Dipulangkan
credit-replaced = Dipulangkan sebagai kredit baharu
credit-imported = Dibawa masuk
credit-was-paid = Sudah dibayar. Kredit itu milik anda.
order-mine = Pesanan anda
plan-all = Pelan
plan-new = Tambah pelan
plan-settings = Pelan itu
plan-first = Belum ada pelan. Pelan menjual kredit, dan masa boleh ditempah dengannya.
plan-name = Nama
plan-description = Tawarannya
plan-code-hint = Huruf kecil, angka dan tanda sempang. Program memesan pelan dengannya, dan ia tidak pernah berubah. Jika dikosongkan, ia dibuat daripada nama.
plan-grants-title = Kredit
plan-months = Bulan
plan-months-hint = Tempoh kredit dan keahlian sah. 0 untuk kredit sahaja: ia sah selama yang dinyatakan peraturan tempahan.
plan-tier = Tahap keahlian
plan-tier-hint = 0 untuk pelan yang hanya menambah kredit. Tahap lebih tinggi merangkumi yang lebih rendah.
plan-review-calls = Dokumen boleh disemak dalam panggilan
plan-review-calls-hint = Untuk ahli melalui pelan ini, dan untuk sesiapa yang membayar semakan dengan kreditnya.
plan-limit = Bilangan yang ada
plan-limit-hint = 0 jika tiada had. Sesiapa yang lewat membayar mendapat wangnya kembali.
plan-price = Harga
plan-currency = Mata wang
plan-active = Dijual
plan-position = Kedudukan dalam senarai
plan-away = tidak ditawarkan
plan-remove = Buang pelan
plan-remove-effect = Pelan yang pernah dipesan kekal, dan tidak ditawarkan lagi. Kredit yang dibeli kekal.
plan-removed = Pelan telah dibuang.
room-all = Bilik
room-new = Tambah bilik
room-settings = Bilik itu
room-first = Belum ada bilik. Bilik ialah pautan ke mesyuarat dalam talian; penyedia boleh menawarkan masa yang berlangsung di salah satunya.
room-name = Nama
room-url = Pautan
room-url-hint = Ke hos yang disebut dalam peraturan tempahan. Hanya yang menempah melihatnya.
room-active = Tempahan baharu boleh menggunakannya
room-away = tidak digunakan
room-remove = Buang bilik
room-remove-effect = Bilik yang pernah digunakan oleh tempahan kekal, dan tiada tempahan lain menggunakannya.
room-removed = Bilik telah dibuang.
room-release = Lepaskan bilik
room-release-text = Sesi itu sudah tamat atau dibatalkan, tetapi biliknya masih dikhaskan. Selepas dilepaskan, sesi lain boleh menggunakannya. Log audit menyimpan sebabnya.
room-was-released = Bilik itu dilepaskan.
gateway-test = Gerbang ujian
gateway-razorpay = Razorpay
gateway-stripe = Stripe
test-gateway-title = Gerbang ujian
test-gateway-text = Halaman ini menggantikan halaman perkhidmatan pembayaran. Tiada wang dipindahkan. Pilih apa yang berlaku.
test-gateway-pay = Bayar
test-gateway-fail = Bayaran gagal
test-gateway-lost = Bayar, dan tidak kembali
test-gateway-twice = Bayar dua kali
test-gateway-wrong = Bayar kurang
test-gateway-stuck = Bayar yang tidak boleh dikembalikan
test-gateway-dispute = Bayar, kemudian pertikaikan bayaran itu
test-gateway-pay-hint = Bayaran berjaya. Anda kembali, dan perkhidmatan pembayaran turut memberitahu laman ini; ia dikira sekali sahaja.
test-gateway-fail-hint = Tiada caj dikenakan. Anda kembali, dan boleh mencuba lagi.
test-gateway-later = Bayar, dan wang tiba kemudian
test-gateway-later-hint = Anda kembali serta-merta. Wang tiba seminit kemudian, seperti pindahan bank.
test-gateway-twice-hint = Dua bayaran berjaya. Satu membayar pesanan, satu lagi dikembalikan.
test-gateway-first = Bayar, dan laman ini mengetahuinya dahulu
test-gateway-first-hint = Perkhidmatan pembayaran memberitahu laman ini sebelum anda kembali. Walaupun anda tidak kembali, ia sudah dibayar.
test-gateway-lost-hint = Tiada sesiapa memberitahu laman ini tentang bayaran itu. Ia bertanya sendiri selepas tiga minit.
test-gateway-wrong-hint = Bayaran kurang daripada harga pesanan. Pesanan kekal belum dibayar, dan wang itu dikembalikan.
test-gateway-stuck-hint = Bayaran berjaya. Jika anda membatalkan, bayaran balik gagal, dan pentadbir diberitahu.
test-gateway-dispute-hint = Bayaran berjaya, kemudian bank mempertikaikannya. Pentadbir diberitahu, dan kredit yang belum digunakan dibekukan.
test-gateway-told = Perkhidmatan pembayaran telah memberitahu laman ini tentang bayaran itu.
test-gateway-told-text = Ia sudah dikira, walaupun anda tidak kembali.
test-gateway-return = Kembali ke laman
test-gateway-back = Kembali tanpa membayar

# Permintaan.
request-mine = Permintaan anda
request-asked = Permintaan kepada anda
request-all = Permintaan
request-new = Minta masa
request-one = Salah satu masa ini
request-none = Anda belum meminta apa-apa. Permintaan menyebut masa yang sesuai bagi anda; penyedia mengesahkan satu.
request-none-asked = Tiada sesiapa menunggu jawapan.
request-hint = Sebut masa yang sesuai, yang terbaik dahulu. Tiada apa yang disimpan atau dicaj sehingga penyedia mengesahkan satu.
request-calendars = Pilih masa dalam kalendar
request-no-slot = Tiada masa
request-first-slots = Tawarkan masa yang terawal
request-later-slots = Tawarkan masa yang kemudian
request-slot = { $number ->
    [1] Masa terbaik
   *[other] Masa { $number } (pilihan)
}
request-send = Hantar permintaan
request-until = Menunggu hingga { $when }.
request-slot-gone = tidak lapang
request-confirm = Sahkan
request-decline = Tolak
request-withdraw = Tarik balik
request-pending = Menunggu jawapan
request-confirmed = Disahkan
request-declined = Ditolak
request-withdrawn = Ditarik balik
request-lapsed = Tiada jawapan
request-was-made = Permintaan dihantar. Anda mendapat e-mel apabila ia dijawab.
request-was-confirmed = Ia disahkan, dan ahli mendapat e-mel. Masa berbayar disimpan sehingga dibayar.
request-was-declined = Ia ditolak.
request-was-withdrawn = Ia ditarik balik.

# Maklum balas.
feedback-title = Bagaimana sesi itu?
feedback-group = Sesi
feedback-give = Beri maklum balas
feedback-change = Ubah maklum balas anda
feedback-by = { $author ->
    [own] Kata anda
    [member] Kata ahli
   *[provider] Kata penyedia
}
feedback-of-5 = { $rating } daripada 5
feedback-rating = Penilaian, dari 1 hingga 5
feedback-verdict = Adakah anda mengesyorkan?
feedback-no-verdict = Tiada jawapan
feedback-recommended = Disyorkan
feedback-with-reservations = Disyorkan dengan sedikit keraguan
feedback-not-recommended = Tidak disyorkan
feedback-scores = Markah, dari 0 hingga 5
feedback-answers = Dengan kata-kata anda
feedback-text = Ulasan anda
feedback-text-hint = Pihak satu lagi membacanya, setelah kedua-duanya menulis atau 14 hari selepas sesi.
feedback-private = Nota peribadi
feedback-private-hint = Hanya anda dan pentadbir membacanya.
criterion-all = Kriteria maklum balas
criterion-new = Tambah kriteria
criterion-settings = Kriteria
criterion-first = Belum ada kriteria. Dengannya, kedua-dua pihak menyatakan lebih daripada satu penilaian.
criterion-author = Siapa yang menjawabnya
criterion-kind = Cara menjawabnya
criterion-score = Dengan markah dari 0 hingga 5
criterion-text = Dengan kata-kata
criterion-label = Nama
criterion-active = Ia ditanya
criterion-remove = Buang kriteria
criterion-remove-effect = Jawapan yang telah diberi kekal; kriteria itu hanya tidak ditanya lagi.
criterion-removed = Kriteria dibuang.

# Semakan dokumen.
review-mine = Semakan anda
review-asked = Dokumen untuk disemak
review-all = Semakan dokumen
review-new = Hantar dokumen
review-none = Anda belum menghantar apa-apa. Seseorang membaca dokumen anda dan menulis apa yang baik dan apa yang boleh diperbaiki.
review-none-asked = Tiada dokumen untuk disemak.
review-hint = Seseorang membaca dokumen anda dan menulis kepada anda. Sebelum itu anda boleh membatalkan, dan kredit dikembalikan.
review-no-credit = Semakan memerlukan satu kredit semakan, dan anda tiada.
review-goal = Tujuan dokumen
review-when = Dihantar
review-focus = Apa yang perlu dilihat
review-note = Perkara lain
review-mode = Cara
review-mode-hint = Dalam panggilan, penyedia menyemak dokumen dan bercakap dengan anda tentangnya. Jika sesi dibatalkan, semakan diteruskan secara bertulis.
review-mode-written = Secara bertulis
review-mode-call = Dalam panggilan
review-in-session = Dalam panggilan: { $title }, { $when }
review-to-book = Untuk semakan dalam panggilan, tempah dahulu sesi selama { $minutes } minit.
review-session = Semakan dokumen
review-session-hint = Jika sesi ini dibatalkan, dokumen disemak secara bertulis.
review-file = Dokumen
review-file-hint = PDF, DOC atau DOCX, paling besar { $most } MB, tanpa makro.
review-file-size = { $type }, { $size } KB
review-file-wrong = Dokumen bukan fail PDF, DOC atau DOCX, namanya tidak sama dengan kandungannya, ia mempunyai makro, atau ia memuatkan sesuatu dari tempat lain.
review-send = Hantar dengan 1 kredit (baki { $count })
review-member = Daripada
review-reviewer = Disemak oleh
review-assessment = Semakan
review-score-overall = Keseluruhan, daripada 100
review-score-content = Kandungan, daripada 100
review-score-structure = Susunan, daripada 100
review-score-language = Bahasa, daripada 100
review-strengths = Apa yang baik
review-improvements = Apa yang boleh diperbaiki
review-recommendations = Langkah seterusnya
review-reference = Fail daripada penyemak
review-reference-add = Fail untuk ahli (pilihan)
review-start = Ambil semakan ini
review-start-hint = Apabila semakan ini menjadi milik anda, anda boleh membaca dokumen dan notanya, dan orang lain tidak boleh mengambilnya.
review-complete = Hantar semakan
review-cancel = Batalkan semakan
review-pending = Menunggu penyemak
review-in-review = Sedang dibaca
review-completed = Sudah disemak
review-cancelled = Dibatalkan
review-was-submitted = Dokumen dihantar. Anda mendapat e-mel apabila ia disemak.
review-was-started = Semakan ini milik anda. Anda boleh membaca dokumen sekarang.
review-was-completed = Semakan dihantar, dan ahli mendapat e-mel.
review-was-cancelled = Semakan dibatalkan.
review-notice-submitted = Dokumen menunggu semakan: { $about }
review-said-submitted = Seorang ahli menghantar dokumen. Yang pertama mengambilnya menyemaknya:
review-said-call = Seorang ahli mahu dokumen disemak dalam sesi dengan anda. Ambil semakan itu untuk membaca dokumen:
review-notice-written = Secara bertulis, bukan panggilan: { $about }
review-said-written = Sesi untuk semakan ini dibatalkan. Dokumen kini disemak secara bertulis, dan tidak perlu dihantar semula:
review-notice-done = Dokumen anda sudah disemak: { $about }
review-said-done = Seseorang telah membaca dokumen anda dan menulis kepada anda:
credit-kind-session = Sesi
credit-kind-review = Semakan dokumen
credit-reviewed = Dokumen dihantar
plan-credit-kind = Kegunaan kredit
credit-kind-all = Jenis kredit
credit-kind-new = Tambah jenis kredit
credit-kind-settings = Jenis itu
credit-kind-first = Belum ada jenis kredit. Masa ditempah dengan kredit sesuatu jenis, dan pelan memberikannya.
credit-kind-tier = Tahap keahlian untuk menggunakan kredit ini
credit-kind-tier-hint = 0 jika keahlian tidak diperlukan.
credit-kind-active = Masa dan pelan boleh menggunakannya
credit-kind-from = dari tahap { $tier }
booking-set-review-limit = Dokumen yang boleh dihantar seorang ahli sehari
booking-set-review-days = Dokumen disimpan selepas semakan selama
booking-set-review-call = Tempoh sesi untuk semakan dokumen
problem-review-call-not-allowed = Tiada pelan anda yang mempunyai semakan dalam panggilan. Hantar dokumen untuk semakan bertulis, atau beli pelan yang mempunyainya.
    .title = Tiada semakan dalam panggilan
problem-review-booking-unsuitable = Pilih salah satu sesi anda yang akan datang dan sudah disahkan, tepat { $minutes } minit, yang belum ada dokumen lain dihantar untuknya.
    .title = Sesi tidak sesuai
problem-review-settled = Orang lain telah mengambil, menyiapkan atau membatalkan semakan ini.
    .title = Sudah diputuskan
problem-too-many-reviews = Anda sudah menghantar dokumen sebanyak yang dibenarkan sehari. Cuba lagi esok.
    .title = Terlalu banyak dokumen

# A provider's times.
slot-mine = Kalendar
slot-begin = Masa untuk ditempah
slot-begin-text = Tawarkan masa untuk ditempah orang lain
slot-first-times = Tawarkan masa pertama anda
slot-first = Profil anda menyatakan nama dan berapa awal anda perlu dimaklumkan. Masa adalah dalam zon anda: { $zone }.
slot-first-zone = Tukar zon anda
slot-week = { $from } – { $to }
slot-earlier = Sebelumnya
slot-later = Kemudian
slot-today = hari ini
calendar-today = Hari ini
calendar-days = Hari
calendar-is-class = Kelas
calendar-is-free = Masa tunggal yang lapang
calendar-is-busy = Sibuk dalam kalendar anda yang lain
calendar-is-open = Waktu anda
calendar-now = Sekarang
calendar-legend = Maksud warna
calendar-open = Waktu anda: tambah masa
calendar-busy = Sibuk
calendar-off = Hari cuti
calendar-seats = { $taken } daripada { $seats } tempat
calendar-sessions = { $count ->
    [0] –
   *[other] { $count } sesi
}
slot-none = Tiada masa
slot-available = Lapang
slot-held = Sedang dibayar
slot-held-until = Sedang dibayar, hingga { $time }
slot-booked = Ditempah
slot-unavailable = Disembunyikan oleh anda
slot-completed = Selesai
class-cancel = Batalkan tarikh ini
class-cancel-question = Batalkan tarikh ini?
class-cancel-facts = { $seats } tempat sudah ditempah. { $sum ->
    [none] Kredit dikembalikan.
   *[other] { $sum } dan kredit dikembalikan.
} Semua orang menerima e-mel dengan sebab anda.
class-cancel-undo = Ini tidak boleh dibatalkan. Tiada siapa boleh menempah tarikh ini sehingga anda menunjukkannya semula.
class-group-link = Buat pautan kumpulan untuk kelas ini
class-came = Siapa yang hadir
class-people = Siapa yang datang
class-seats = { $count } tempat
waiting-list = Menunggu
waiting-row = { $count } tempat, sejak { $since }
waiting-row-asked = { $count } tempat, disimpan hingga { $until }
waiting-list-hint = Tempat yang kosong ditawarkan dengan sendirinya, kepada kumpulan pertama yang muat.
waiting-is-kept = Disimpan untuknya
waiting-mine = Senarai menunggu
waiting-taken = Ditempah
waiting-passed = Berlalu
waiting-left = Keluar
waiting-joined = Anda dalam senarai menunggu. Kami menulis kepada anda apabila tempat kosong.
waiting-was-left = Anda tidak menunggu lagi.
slot-state = Keadaan
class-taken = { $taken } daripada { $seats } tempat diambil, { $bookings } tempahan
class-nobody = Belum ada yang menempah tarikh ini.
class-kept = Disimpan hingga { $time }
class-paid-back = { $paid } dibayar, { $back } daripadanya dipulangkan
class-by-credit = Dengan kredit
class-csv = Muat turun sebagai CSV
class-write = Tulis kepada semua
class-write-text = Mesej anda
class-write-hint = Sehingga 2,000 aksara. Semua yang tempahannya disahkan mendapat e-mel. Anda boleh menghantar 5 mesej sehari.
class-write-do = Hantar kepada { $count } orang
class-written = Dihantar.
calendar-class = { $title } ({ $people } daripada { $seats })
slot-saved = Disimpan.
slot-added = Ditambah. Semua orang boleh menempahnya sekarang.
slot-saved-twice = Disimpan. Jam menunjukkan waktu ini dua kali; yang lebih awal dikira.
slot-added-twice = Ditambah. Semua orang boleh menempahnya sekarang. Jam menunjukkan waktu ini dua kali; yang lebih awal dikira.
slot-edit = Ubah
slot-edit-zone = Hari dan waktu mengikut { $zone }. Orang yang meminta masa ini diberitahu bahawa ia berubah.
slot-edit-locked = Masa ini disimpan untuk seseorang, atau ditempah. Hanya yang perlu diketahui lebih awal boleh diubah; orang yang menempah diberitahu.
slot-one = Masa ini
slot-removed = Dipadam.
slot-new = Tambah satu masa
slot-group-when = Bila
slot-group-what = Apa
slot-date = Hari
slot-time = Masa
slot-title = Perkara
slot-minutes = Minit
slot-price = Harga
slot-price-hint = Kosong: percuma.
slot-place = Cara bertemu
slot-location = Pautan, alamat atau nombor
slot-location-hint = Hanya yang menempah melihatnya. Pautan menuju { $hosts }. Kosong bagi bilik laman ini.
slot-area = Di mana, secara kasar
slot-area-hint = Semua orang melihatnya, misalnya kawasan bandar.
slot-public-note = Yang dibaca semua orang
slot-prep-note = Cara bersedia
slot-add = Tambah masa
slot-save = Simpan
slot-hide = Sembunyikan
slot-show = Papar semula
slot-remove-ask = Padam…
slot-remove = Padam
slot-remove-question = Padam masa ini?
slot-remove-facts = Tiada sesiapa boleh menempahnya lagi.
slot-remove-undo = Anda boleh menambahnya semula.
bulk-remove-undo = Anda boleh menambahnya semula.
bulk-title = Dengan masa yang ditanda
bulk-none = Tandakan masa dahulu.
bulk-link = Tetapkan pautan
bulk-link-new = Pautan mesyuarat dalam talian
bulk-remove-question = { $count ->
   *[other] Padam { $count } masa?
}
bulk-remove-facts = Tiada sesiapa boleh menempahnya lagi.
slot-to-booking = Tempahan
slot-bookings = Tempahan dengan anda
slot-bookings-none = Tiada tempahan akan datang.
slot-bookings-coming = Hari ini dan seterusnya
slot-bookings-past = Lepas
slot-bookings-today = Hari ini, { $day }
slot-bookings-nothing = Tiada.
slot-bookings-more = Lagi
slot-begun = Sudah bermula atau selesai
slot-begun-text = Nyatakan apa yang berlaku.
session-all = Sesi
session-begin-text = Sediakan apa yang boleh ditempah
session-none = Tiada sesi yang sepadan.
session-any = Semua
session-filter = Tapis
session-show = Tunjukkan
session-show-all = Tunjukkan semua
session-more = Sesi lebih awal
session-cancel = Batalkan
session-member-gone = akaun dipadam
session-filter-member = Nama atau alamat ahli
session-filter-state = Keadaan
session-filter-from = Hari pertama
session-filter-to = Hari terakhir
session-steps = Langkah pertama
session-steps-text = Belum ada sesiapa menempah. Inilah permulaan laman yang menawarkan sesi.
session-step-preset = Pilih jenis laman, atau tambah jenis sesi sendiri
session-step-provider = Beri seseorang tugas menawarkan sesi
session-step-plan = Tambah pelan, jika ahli membayar dengan kredit
session-step-room = Tambah bilik, jika laman mempunyai pautan mesyuarat sendiri
session-step-done = selesai
figures-title = Angka
figures-sessions = Sesi
figures-utilisation = Masa terbuka yang ditempah
figures-seats = Tempat kelas yang diambil
figures-cancellations = Tempahan yang dibatalkan
figures-share = { $percent }% ({ $part } daripada { $whole })
figures-nothing = tiada apa untuk dikira
figures-lead = Purata berapa awal orang menempah
figures-days = { $count } hari
figures-revenue = Hasil
figures-no-revenue = Tiada wang masuk atau keluar pada hari-hari ini.
figures-left = Baki
figures-captured = Masuk
figures-refunded = Dibayar balik
figures-test = Wang ujian
figures-test-mark = bukan wang sebenar
figures-owed = Terhutang kepada penyedia hari ini
figures-owed-none = Tiada hutang.
credit-adjusted = Dilaraskan oleh pentadbir
credit-adjust = Laraskan kredit
credit-adjust-link = Kredit mereka
credit-was-adjusted = Dilaraskan.
credit-of = Kredit
credit-of-none = Belum ada kredit.
credit-lot = { $granted } diberi, { $used } digunakan, hingga { $date }
credit-over = tamat
credit-delta = Berapa yang ditambah
credit-delta-hint = Nombor negatif mengambil kredit yang belum digunakan. Yang ditambah sah selama setahun.
credit-reason-hint = Sekurang-kurangnya 5 aksara. Ia kekal bersama catatan.
finding-all = Percanggahan
finding-text = Di sini disenaraikan percanggahan antara pesanan di sini dengan perkhidmatan pembayaran, dan percanggahan dalam rekod kewangan di sini yang ditemui oleh semakan malam. Ada yang hilang sendiri. Setiap satu ada satu penyelesaian, yang tidak pernah membayar dua kali.
finding-none = Tiada apa-apa di sini.
finding-more = Yang lebih lama
finding-open = terbuka
finding-healed = hilang sendiri
finding-applied = diselesaikan
finding-found = { $times ->
    [1] Ditemui { $when }
   *[other] Ditemui { $when }, { $times } kali semuanya
}
finding-healed-at = Ia hilang sendiri, { $when }
finding-applied-by = Diselesaikan oleh { $name }, { $when }
finding-was-applied = Selesai. Jika masih ada esok, ia muncul semula di sini.
finding-missing-here = Perkhidmatan pembayaran ada bayaran yang tidak diketahui di sini
finding-missing-there = Perkhidmatan pembayaran tidak mengenali satu bayaran
finding-amount-mismatch = Jumlah yang dibayar berbeza daripada harga pesanan
finding-state-mismatch = Keadaan pesanan tidak sama dengan bayarannya
finding-duplicate-capture = Satu pesanan dibayar dua kali
finding-unmatched-event = Perkhidmatan pembayaran melaporkan wang untuk pesanan yang tidak dikenali
finding-refund-drift = Wang tidak dapat dibayar balik
finding-refund-drift-of = { $sum } kepada { $name } tidak dapat dibayar balik ({ $gateway })
finding-order = Pesanan: { $title }, { $state }
order-back-failed = dibayar, bayaran balik gagal
finding-payout-drift = Jumlah terhutang kepada penyedia berbeza daripada tempahan
finding-contradiction = Semakan malam: rekod kewangan bercanggah
finding-ask-gateway = Tanya perkhidmatan pembayaran semula
finding-pay-back = Bayar balik
finding-follow-payments = Ikut bayaran
finding-read-again = Baca semula
finding-refund-again = Cuba bayar balik semula
finding-owe-again = Ikut tempahan
finding-verify-again = Semak semula
order-partially-refunded = sebahagian dibayar balik
credit-refunded = Ditarik balik, wang dipulangkan
refund-wish = Dapatkan semula wang anda
refund-now-text = Belum ada yang digunakan. Berubah fikiran? Semuanya dikembalikan serta-merta.
refund-now = Bayar balik { $sum }
refund-ask-text = Tiada peraturan yang mengembalikan wang ini. Anda masih boleh memintanya; laman ini menjawab melalui e-mel.
refund-ask-why = Sebab anda memintanya
refund-ask-do = Minta wang itu
refund-request-waits = Anda meminta wang anda, { $when }. Laman ini menjawab melalui e-mel.
refund-request-was-granted = { $sum } dikembalikan kepada anda, { $when }.
refund-request-was-refused = Laman ini tidak membayarnya balik, { $when }.
refund-request-open = menunggu jawapan
refund-request-granted = diluluskan
refund-request-refused = ditolak
refund-requests = Diminta
refund-request-refuse = Jangan bayar balik
refund-request-reason-hint = Pembayar membacanya. Diperlukan jika tiada yang dikembalikan, sekurang-kurangnya 5 aksara.
refund-request-answered = Dijawab. Pembayar menerima e-mel.
refund-request-notice = { $about } meminta wang dikembalikan
refund-request-mail-granted = Wang anda dikembalikan: { $about }
refund-request-said-granted = Anda meminta wang anda. { $sum } dikembalikan kepada anda:
refund-request-mail-refused = Tentang wang yang anda minta: { $about }
refund-request-said-refused = Anda meminta wang anda. Laman ini tidak membayarnya balik:
refund-rule-asked = Diminta oleh pembayar
booking-call-open = Buka panggilan
booking-call-opened = { $side ->
    [own] Anda membuka panggilan, { $when }.
    [member] Ahli membuka panggilan, { $when }.
   *[provider] Penyedia membuka panggilan, { $when }.
}
booking-call-not-opened = { $side ->
    [own] Anda belum membuka panggilan dari sini.
    [member] Ahli belum membuka panggilan dari sini.
   *[provider] Penyedia belum membuka panggilan dari sini.
}
feedback-rating-words = { $rating ->
    [1] 1 – lemah
    [2] 2 – kurang baik
    [3] 3 – sederhana
    [4] 4 – baik
   *[5] 5 – sangat baik
}
refund-all = Bayaran balik
refund-nothing = Belum ada bayaran balik.
refund-new = Bayar balik
refund-link = Bayar balik
refund-ask = Bayar balik
refund-was-asked = Perkhidmatan pembayaran diminta membayarnya balik.
refund-requested = sedang diminta
refund-submitted = sedang diproses
refund-processed = dibayar balik
refund-failed = gagal
refund-payment = Bayaran
refund-payer = Dibayar oleh
refund-left = Baki yang boleh dibayar balik
refund-amount = Jumlah untuk dibayar balik
refund-credits = Kredit
refund-credits-used = { $used } daripada { $granted } digunakan
refund-credits-share = { $sum } dibayar untuk yang belum digunakan.
refund-credits-take = Tarik balik kredit yang belum digunakan ({ $unused })
refund-credits-take-hint = Tiada siapa boleh menggunakannya semasa wang dipulangkan.
refund-reason-hint = 5 aksara atau lebih. Tidak diperlukan jika peraturan di atas membenarkan bayaran balik.
refund-rule-policy = Menurut peraturan
refund-policy = Peraturan
refund-policy-text = Anda boleh memutuskan sebaliknya, dengan alasan, sehingga baki bayaran.
refund-clause-unused = Pelan yang belum digunakan: semuanya, dalam { $days } hari.
refund-clause-late = Pelan yang dibayar lebih lama: semuanya jika tiada sesi dapat ditawarkan dalam { $offer } hari, jika tidak tiada apa-apa.
refund-clause-used = Pelan yang kreditnya sudah digunakan: terpulang kepada anda.
refund-clause-to-come = Sesi yang akan datang: batalkan, dan semuanya dibayar balik. Jika ahlinya membatalkan lewat, { $share } %, mengikut peraturan hari ini.
refund-clause-cancelled-late = Sesi yang dibatalkan lewat oleh ahlinya: bahagian yang diberi balik oleh peraturan ketika itu, tidak lebih.
refund-clause-over = Sesi yang telah berlangsung, atau yang tidak dihadiri ahli: tiada apa-apa.
refund-clause-none = Tiada sesi untuknya: semuanya.
refund-rule-cancelled = Sesi dibatalkan
refund-rule-seats = Tempat dilepaskan semula
refund-rule-no-show = Penyedia tidak hadir
refund-rule-slot-gone = Masa itu sudah tiada apabila wang tiba
refund-rule-elsewhere = Dibayar balik di perkhidmatan pembayaran itu sendiri
booking-set-refund-days = Pelan yang belum digunakan dibayar balik sepenuhnya dalam masa
booking-set-offer-days = Ia dibayar balik sepenuhnya selepas itu juga, jika tiada sesi dapat ditawarkan selama
booking-set-tax = Cukai yang termasuk dalam harga
booking-set-tax-hint = 0 jika tiada. Pesanan menyimpan kadar pada harinya.
booking-set-tax-label = Nama cukai
booking-set-seller = Penjual, seperti dinamakan pada resit
booking-set-seller-hint = Seperti nama, alamat dan nombor cukai. Kosong: nama laman. Resit menyimpan apa yang dinyatakan di sini semasa ia dibayar.
booking-set-money-years = Rekod wang disimpan selama
booking-set-money-years-hint = Pesanan, bayaran, bayaran balik, bayaran penyedia, resit dan kredit dipadam selepas bilangan tahun ini sejak perubahan terakhir padanya. Yang masih terbuka kekal.
booking-set-fiscal = Tahun kewangan bermula pada
booking-set-fiscal-hint = Resit dikira semula dalam setiap tahun kewangan, yang dinamakan menurut tahun ia bermula.
export-all = Eksport
export-text = Setiap fail mengandungi semuanya, dengan setiap jumlah sebagai nombor perpuluhan dan sebagai nombor bulat untuk program. Siapa yang membuatnya dicatat dalam log.
export-csv = CSV
export-jsonl = Baris JSON
export-payments = Bayaran
export-credits = Perubahan kredit
export-audit = Log tindakan pentadbir
payout-mine = Bayaran kepada anda
payout-owed = Belum dibayar kepada anda
payout-mine-none = Belum ada apa-apa yang perlu dibayar kepada anda. Bayaran muncul di sini selepas setiap sesi berbayar.
payout-totals = Jumlah
payout-sessions = Sesi
payout-where = Ke mana wang anda dihantar
payout-where-set = Sudah ditetapkan. Ia tidak dipaparkan lagi; taip semula untuk mengubahnya.
payout-where-none = Belum ditetapkan, jadi anda belum boleh dibayar.
payout-reference = Akaun bank, atau rujukan lain
payout-reference-hint = Dengan nama bank dan pemegang akaun. Disimpan secara tersulit; kosong membuangnya.
payout-pending = menunggu kelulusan
payout-approved = diluluskan
payout-batched = sedang dibayar
payout-paid = dibayar
payout-rejected = ditolak
payout-adjustment = pelarasan
payout-disputed = bayaran dipertikaikan
payout-claimed = satu pihak berkata pihak yang lain tidak hadir
payout-all = Bayaran kepada penyedia
payout-none = Tiada apa-apa di sini.
payout-approve-ticked = Luluskan yang ditanda
payout-approve = Luluskan
payout-reject = Tolak
payout-reopen = Biarkan menunggu semula
payout-correct = Tambah pembetulan
payout-correct-by = Jumlah yang dipotong
payout-sum = Jumlah
payout-provider = Penyedia
payout-from = Boleh dibayar mulai
payout-rates = Bayaran setiap penyedia
payout-rates-none = Belum ada yang menawarkan masa.
payout-rate-group = Bagi setiap sesi
payout-rate-text = Tempahan yang dibuat sebelum ini mengekalkan kadarnya.
payout-rate = Bagi setiap sesi
payout-rate-hint = 0 bermakna tiada bayaran.
payout-rate-class = Bagi setiap tempat dalam kelas
payout-rate-unset = belum ditetapkan
payout-no-show = Dibayar kepada penyedia jika ahli tidak hadir
batch-make = Buat kelompok: { $sum } kepada { $count } penyedia
batch-none-due = Ada yang diluluskan tetapi belum boleh dibayar: harinya belum tiba, penyedia belum menetapkan rujukan bank, atau jumlahnya tidak melebihi 0.
batch-all = Kelompok
batch-title = Kelompok { $when }
batch-draft = draf
batch-approved = diluluskan
batch-sent = dihantar
batch-settled = selesai
batch-failed = dibatalkan
batch-approve = Luluskan kelompok
batch-send = Sudah dihantar
batch-settle = Wang sudah sampai
batch-fail = Batalkan kelompok
batch-reference = Rujukan bank
batch-file = Fail untuk bank (CSV)
series-new = Tambah masa
series-weekdays = Pada hari-hari ini
series-times = Pada waktu-waktu ini
series-times-hint = Dengan koma di antaranya: 09:00, 10:30
series-first = Dari
series-weeks = Minggu
series-count = Kira masa
series-makes = Ini menghasilkan { $count } masa.
series-left-out = { $count } daripadanya ditinggalkan.
series-add = Tambah { $count } masa
series-twice = Jam menunjukkan waktu ini dua kali; yang lebih awal dikira.
booking-profile = Profil anda sebagai penyedia
booking-profile-hint = Yang menempah membaca nama anda dan apa yang anda buat.
booking-profile-name = Nama
booking-profile-bio = Apa yang anda buat
booking-profile-zone = Hari dan masa mengikut { $zone }, zon profil anda sebagai orang.
booking-profile-before = Tempoh lapang sebelum sesi
booking-profile-after = Tempoh lapang selepas sesi
booking-profile-notice = Berapa awal sesuatu masa perlu ditempah
booking-profile-email = Mereka yang menempah melihat alamat e-mel saya
booking-profile-email-hint = Hanya setelah tempahan disahkan.
booking-profile-paused = Jangan tawarkan apa-apa buat masa ini
booking-settings = Peraturan
booking-settings-hint = Tempahan kekal dengan peraturan pada hari ia dibuat. Waktu, notis dan tempoh sesi ditetapkan oleh setiap penyedia sendiri.
rules-save = Simpan kumpulan ini
rules-who = Siapa boleh menempah
rules-who-now = { $public ->
    [yes] Semua orang melihat masa yang ditawarkan.
   *[no] Hanya orang yang log masuk melihat masa yang ditawarkan.
} { $newcomers ->
    [yes] Akaun tidak diperlukan.
   *[no] Akaun diperlukan.
} { $reveal ->
    [always] Nama penyedia sentiasa ditunjukkan.
   *[after_booking] Nama penyedia ditunjukkan selepas tempahan.
} { $busy ->
    [yes] Tiada sesiapa menempah dua sesi pada masa yang sama.
   *[no] Dua sesi pada masa yang sama dibenarkan.
}
rules-cancelling = Pembatalan dan bayaran balik
rules-cancelling-now = { $minutes ->
    [0] Percuma sehingga mula
   *[other] Percuma sehingga { $until } sebelum mula
}; { $late ->
    [0] selepas itu tiada bayaran balik.
   *[other] selepas itu { $share } % dibayar balik.
} { $moves ->
    [0] Tidak boleh dipindahkan.
   *[other] Dipindahkan paling banyak { $moves } kali.
} Pelan yang belum digunakan: { $unused }, dan selepas itu jika tiada sesi dapat ditawarkan selama { $offer }.
rules-no-show = Apabila seseorang tidak hadir
rules-no-show-now = Laporan sehingga { $reported } selepas sesi. { $answer } untuk menjawab. Sesi dikira telah berlangsung { $held } selepas tamat.
rules-paying = Pembayaran
rules-paying-now = Masa disimpan selama { $kept }, paling banyak { $most } untuk seorang. Harga baharu dalam { $currency }.
rules-tax = Cukai dan resit
rules-tax-now = { $bps ->
    [0] Tiada cukai.
   *[other] { $tax } { $rate } %, termasuk dalam harga.
} Penjual: { $seller }. Tahun kewangan bermula pada { $month }. Rekod disimpan selama { $years } tahun.
rules-credits = Kredit
rules-credits-now = Sesi boleh bermula sehingga { $grace } selepas kredit tamat. Kredit yang dipulangkan selepas tamat sah selama { $replaced }; kredit pelan tanpa bulan sah selama { $unlimited }.
rules-payouts = Bayaran kepada penyedia
rules-payouts-now = { $days ->
    [0] Mulai tamat sesi.
   *[other] Mulai { $days } hari selepas sesi.
} { $two ->
    [yes] Dua orang meluluskan dan menghantar.
   *[no] Seorang boleh meluluskan dan menghantar.
}
rules-classes = Kelas dan senarai menunggu
rules-classes-now = Tempat kosong disimpan paling lama { $kept } untuk yang pertama menunggu.
rules-requests = Permintaan
rules-requests-now = { $times } masa setiap satu, { $open } terbuka serentak, { $answer } untuk menjawab, { $pay } untuk membayar.
rules-documents = Dokumen
rules-documents-now = { $count } sehari, disimpan selama { $kept }, { $call } dalam panggilan.
rules-rooms = Pautan mesyuarat dan bilik
rules-rooms-now = { $hosts } hos. { $margin } antara dua sesi dalam sebuah bilik.
rules-limits = Had
rules-limits-now = Sesi selama { $least } hingga { $most }. Dicadangkan untuk tawaran baharu: selama { $length }, ditempah { $notice } hingga { $horizon } lebih awal. Dalam seminit { $looks } kali melihat dari satu rangkaian, dalam sejam { $bookings } tempahan dan { $orders } pesanan seorang.
booking-set-before-start = sebelum mula
booking-set-after-end = selepas tamat
booking-set-times = kali
booking-set-years = tahun
booking-set-days-later = hari kemudian
booking-set-days-after-session = hari selepasnya
booking-set-refund-days-hint = Ahli melakukannya sendiri, di halaman pesanan mereka.
booking-set-waiting-hint = Tidak pernah lebih lama daripada suku masa sehingga mula, atau kurang daripada 30 minit.
booking-set-length = Tempoh sesi
booking-set-horizon = Berapa awal sesuatu masa boleh ditempah
booking-set-proposed = Dicadangkan untuk tawaran baharu. Setiap penyedia boleh mengubahnya untuk tawaran sendiri.
booking-set-currency = Mata wang harga baharu
booking-set-currency-hint = Pelan dalam mata wang lama yang belum dibeli sesiapa turut berubah: 100.00 kekal 100.00. Pesanan, masa yang ditawarkan dan bayaran kekal dalam mata wangnya.
booking-set-hold = Tempoh sesuatu masa disimpan untuk bayaran
booking-set-hold-limit = Bilangan masa yang disimpan untuk seorang
booking-set-cancel = Ahli membatalkan atau memindahkan secara percuma sehingga
booking-set-late-refund = Dibayar balik selepas pembatalan lewat
booking-set-late-refund-hint = Bakinya tidak dibayar balik, dan kredit tidak dikembalikan. Masa itu menjadi lapang untuk orang lain.
booking-set-moves = Tempahan boleh dipindahkan
booking-set-shortest = Sesi terpendek
booking-set-longest = Sesi terpanjang
booking-set-outcome = Hasil sesi boleh dinyatakan sehingga
booking-set-claim = Tempoh pihak yang satu lagi boleh menjawab laporan bahawa ia tidak hadir
booking-set-waiting = Tempoh paling lama tempat yang menjadi kosong disimpan untuk yang pertama menunggu
booking-set-complete = Sesi dikira telah berlangsung
booking-set-notice = Berapa awal sesuatu masa perlu ditempah
booking-set-member-busy = Tiada sesiapa boleh menempah dua sesi pada masa yang sama
booking-set-bookings = Tempahan yang boleh dibuat seorang ahli dalam sejam
booking-set-browse = Berapa kali pelawat satu rangkaian boleh melihat masa dalam seminit
booking-set-grace = Sesi yang dibayar dengan kredit boleh bermula selepas kredit tamat, sehingga
booking-set-replaced = Kredit yang dipulangkan selepas tamat sah selama
booking-set-add-on = Kredit pelan tanpa bulan sah selama
booking-set-payout-days = Sesi dibayar kepada penyedia mulai
booking-set-two-people = Bayaran keluar memerlukan dua orang: seorang meluluskan, seorang lagi menghantar
booking-set-request-slots = Masa yang boleh disebut dalam satu permintaan
booking-set-request-limit = Permintaan seorang yang boleh menunggu
booking-set-request-hours = Tempoh permintaan menunggu jawapan
booking-set-request-hold = Tempoh masa yang disahkan disimpan untuk bayaran
booking-set-room-margin = Tempoh bilik kekal kosong antara dua sesi
booking-set-reveal = Bila ahli tahu siapa yang memberi sesi
booking-set-reveal-hint = Selepas tempahan: tiada orang lain melihat nama dan halaman penyedia.
booking-set-reveal-always = Sentiasa
booking-set-reveal-after = Selepas tempahan
booking-set-hosts = Hos mesyuarat dalam talian
booking-set-hosts-hint = Dengan koma di antaranya: meet.google.com, zoom.us. Pautan boleh menuju ke situ dan ke hos di bawahnya.
session-type-all = Jenis sesi
session-type-new = Tambah jenis
session-type-settings = Jenis itu
session-type-first = Belum ada jenis. Dengannya, penyedia menyatakan sesi yang ditawarkan, dan ahli memilih satu.
level-all = Tahap
level-new = Tambah tahap
level-settings = Tahap itu
level-first = Belum ada tahap. Tahap ialah kekananan atau saiz sesi, seperti junior, atau sehingga 50 tetamu.
entry-all = Katalog
entry-new = Tambah entri
entry-settings = Entri itu
entry-first = Katalog masih kosong. Entrinya ialah perkara yang disentuh sesi, seperti syarikat, tempat, gaya atau masakan.
entry-category = Kategori
entry-description = Keterangan
entry-tracks = Laluan
entry-tracks-hint = Dengan koma di antaranya, hingga 20. Sesiapa yang menempah boleh memilih satu.
entry-levels-hint = Dengan koma di antaranya, hingga 20. Pelawat membacanya.
entry-logo = Alamat logo
entry-logo-hint = Halaman memaparkannya hanya jika ia laluan laman ini, seperti /files/logo.png.
choice-code = Nama pendek
choice-code-hint = Huruf kecil, angka dan tanda sempang. Ia digunakan dalam alamat, dan tidak pernah berubah.
choice-label = Nama
choice-active = Ia boleh dipilih
choice-away = tidak dipilih lagi
choice-remove = Buang
choice-remove-effect = Yang pernah ada pada masa atau tempahan kekal di situ, dan tidak boleh dipilih lagi.
choice-removed = Ia telah dibuang.
choice-set-hint = Ahli memilih satu daripadanya. Tiada bermakna mana-mana.
preset-title = Mulakan dengan pratetap
preset-text = Pratetap menambah jenis, tahap dan kriteria maklum balas, dan menetapkan bila ahli mengetahui siapa yang memberi sesi; untuk bimbingan, pelan dengan harga contoh juga ditambah, yang tidak dapat dibeli sesiapa sehingga anda mula menjualnya. Jika anda belum ada waktu, ia membuat waktu pada hari kerja, dan satu tawaran di dalamnya, yang tidak dapat ditempah sesiapa sehingga anda menyatakan tempat bertemu dan menawarkannya. Semuanya boleh diubah.
preset-hours = Hari kerja
preset-currency = Mata wang harga
preset-mentoring = Bimbingan
preset-studio = Studio
preset-catering = Katering
preset-consulting = Perundingan
preset-tasting = Rasa hidangan
preset-menu = Perancangan menu
preset-site-visit = Lawatan ke tempat majlis
preset-first-talk = Perbincangan pertama
preset-strategy = Sesi strategi
preset-follow-up = Susulan
preset-individual = Perseorangan
preset-small-company = Syarikat kecil
preset-large-company = Syarikat besar
preset-problem-solving = Penyelesaian masalah
preset-communication = Komunikasi
preset-technical-depth = Kedalaman teknikal
preset-quality = Mutu kerja
preset-overall = Keseluruhan
preset-strengths = Kekuatan
preset-improvements = Perkara untuk diperbaiki
preset-next-steps = Langkah seterusnya
preset-punctuality = Ketepatan masa
preset-result = Hasilnya
preset-taste = Rasa
preset-presentation = Persembahan
preset-service = Layanan
preset-clarity = Kejelasan
preset-usefulness = Kegunaan
preset-preparation = Persediaan
preset-mock-interview = Latihan temu duga
preset-career-talk = Perbualan kerjaya
preset-document-review = Semakan dokumen
preset-entry = Permulaan
preset-middle = Pertengahan
preset-senior = Kanan
preset-portrait = Potret
preset-wedding = Perkahwinan
preset-product = Produk
preset-small = Sehingga 10 orang
preset-medium = Sehingga 50 orang
preset-large = Lebih daripada 50 orang
preset-add-on-1 = 1 sesi tambahan
preset-add-on-3 = 3 sesi tambahan
preset-add-on-5 = 5 sesi tambahan
preset-plan-1 = 1 sesi
preset-plan-3 = 3 sesi
preset-plan-6 = 6 sesi

# Mails and notices.
new-slots-mail-subject = Masa baharu untuk ditempah – { $site }
new-slots-mail-text = Ada masa baharu:

    { $list }

    Tempah satu: { $address }

    Anda menerima e-mel ini kerana anda memilihnya. Ubah di { $settings }

    { $site }
booking-before = Sebelum ini
booking-mail-see = Lihat tempahan
booking-mail-change = Pindah atau batal
booking-mail-confirmed = Ditempah: { $title }, { $when }
booking-said-confirmed = Ini ditempah dengan { $with }:
booking-mail-moved = Dipindahkan: { $title }, { $when }
booking-said-moved = Ini mempunyai masa baharu, dengan { $with }:
booking-mail-cancelled = Dibatalkan: { $title }, { $when }
booking-said-cancelled = Dibatalkan: sesi anda dengan { $with }:
booking-said-hold-cancelled = Ini tidak berlangsung:
booking-mail-seats-cancelled = Kurang tempat: { $title }, { $when }
booking-said-seats-cancelled = { $count } tempat dipulangkan. Yang lain kekal ditempah dengan { $with }:
booking-mail-seats-added = Tambah tempat: { $title }, { $when }
booking-said-seats-added = { $count } tempat ditambah. Semuanya ditempah dengan { $with }:
booking-mail-reminder = { $day ->
    [today] Hari ini: { $title }, { $when }
    [tomorrow] Esok: { $title }, { $when }
   *[later] Tidak lama lagi: { $title }, { $when }
}
booking-said-reminder = Akan datang: sesi anda dengan { $with }:
booking-said-back = { $sum } dibayar balik.
booking-said-reason = Sebab: { $reason }
booking-said-tips = Tentang sesi ini
booking-mail-alert = Tempahan: ada perkara yang memerlukan perhatian anda – { $site }
booking-alert-findings = Ada { $count } percanggahan tentang wang.
booking-alert-dispute = Ada berita tentang bayaran yang dipertikaikan, { $count } kali.
booking-alert-job = { $count } tugas tidak dapat dilakukan, atau menunggu perkhidmatan pembayaran.
booking-mail-receipt = Resit { $number }: { $sum } – { $site }
booking-said-receipt = Terima kasih. { $sum } telah dibayar. Ini resit { $number }.
booking-mail-sold-out = Habis dijual: { $sum } dikembalikan – { $site }
booking-said-sold-out = Anda membayar { $sum }, tetapi yang terakhir baru sahaja dijual kepada orang lain. Semuanya dibayar balik.
booking-mail-gone = Masa itu sudah tiada: { $sum } dikembalikan – { $site }
booking-said-gone = Anda membayar { $sum }, tetapi masa itu telah diberikan kepada orang lain atau dibatalkan. Semuanya dibayar balik.
booking-mail-refunded = { $sum } telah dibayar balik – { $site }
booking-said-refunded = { $sum } telah dibayar balik.
booking-notice-confirmed = Ditempah: { $about }
booking-notice-moved = Dipindahkan: { $about }
booking-notice-cancelled = Dibatalkan: { $about }
booking-notice-seats-cancelled = Tempat dipulangkan: { $about }
booking-notice-seats-added = Tempat ditambah: { $about }
booking-notice-reminder = Tidak lama lagi: { $about }
booking-notice-late = Peringatan “{ $about }” terlalu lewat untuk dihantar melalui e-mel.
booking-notice-refund-failed = { $about } tidak dapat dibayar balik. Sila semak dengan perkhidmatan pembayaran.
booking-notice-gateway-silent = Perkhidmatan pembayaran { $about } tidak menjawab selama sehari. Apa yang menunggunya dicuba sekali sehari.
booking-notice-job-failed = Satu tugas tempahan tidak dapat dilakukan dan telah dihentikan: { $about }
booking-notice-refund-unlike = Seseorang telah membayar balik { $about } di perkhidmatan pembayaran itu sendiri, dan lebih daripada bakinya di sini. Bandingkan kedua-duanya.
booking-notice-refund-elsewhere = Seseorang telah membayar balik { $about } di perkhidmatan pembayaran itu sendiri. Ia dicatat di sini.
booking-notice-dispute = Pembayar mempertikaikan bayaran: { $about }. Uruskan dengan perkhidmatan pembayaran.
booking-notice-finding = 1 percanggahan perlu tindakan anda.
booking-notice-findings = { $about } percanggahan perlu tindakan anda.
booking-notice-wrong-sum = { $about } telah dibayar, bukan harga pesanan. Ia dibayar balik.
booking-notice-no-show-member = Penyedia menyatakan bahawa anda tidak hadir ke “{ $about }”.
booking-notice-no-show-provider = Ahli menyatakan bahawa penyedia tidak hadir ke “{ $about }”. Bayaran dipulangkan.
request-notice-made = Seseorang meminta masa anda: { $about }
request-said-made = Seorang ahli meminta masa anda dan menunggu jawapan:
request-notice-declined = Permintaan anda ditolak: { $about }
request-said-declined = Tiada masa yang anda minta dapat disahkan:
request-notice-lapsed = Permintaan anda luput: { $about }
request-said-lapsed = Tiada sesiapa mengesahkan permintaan anda dalam masanya, atau tiada lagi masa yang tinggal:
request-notice-dropped = Tidak ditawarkan lagi: { $about }
request-said-dropped = Masa yang anda minta tidak ditawarkan lagi. Permintaan anda masih menunggu masa lain:
request-notice-no-credit = Kredit tidak cukup: { $about }
request-said-no-credit = Penyedia mahu mengesahkan permintaan anda, tetapi anda tiada kredit. Pelan memberi anda kredit; permintaan kekal:
request-notice-held = Disahkan, sila bayar: { $about }
request-said-held = Permintaan anda disahkan. Masa disimpan untuk anda sehingga dibayar; halaman menyatakan berapa lama:
class-mail-subject = { $title }, { $when }: mesej daripada { $with }
class-mail-said = { $with } menulis kepada semua yang datang:
class-mail-answer = Balasan kepada e-mel ini tidak sampai kepada { $with }. Halaman tempahan anda menyatakan sama ada alamatnya dikongsi:
class-notice-message = Mesej kepada semua yang datang: { $about }
membership-notice-ends = Keahlian anda akan tamat: { $about }
membership-said-ends = Keahlian anda akan tamat tidak lama lagi. Jika anda membeli pelan pada tahap yang sama sebelum itu, keahlian bersambung tanpa putus:
membership-said-ends-with-credits = Keahlian anda akan tamat tidak lama lagi, bersama kredit yang belum anda gunakan. Jika anda membeli pelan pada tahap yang sama sebelum itu, keahlian bersambung tanpa putus:
credit-notice-end = Kredit anda akan tamat: { $about }
credit-said-end = Kredit yang belum anda gunakan akan tamat tidak lama lagi. Sebelum itu anda masih boleh menggunakannya:
feedback-notice-ask = Bagaimana sesi itu? { $about }
feedback-said-ask = Sesi ini telah tamat. Beritahu bagaimana sesi itu:
feedback-notice-arrived = Maklum balas untuk anda: { $about }
feedback-said-arrived = Pihak satu lagi telah memberi maklum balas tentang sesi ini. Anda boleh membacanya setelah anda memberikannya juga, atau 14 hari selepas sesi:
payout-mail-sent = { $sum } sedang dihantar kepada anda – { $site }
payout-said-sent = { $sum } telah dihantar kepada anda untuk sesi anda. Rujukan bank ialah { $number }.
payout-notice-sent = { $about } sedang dihantar kepada anda.

# What is refused.
problem-own-slot = Ini masa anda sendiri.
    .title = Masa sendiri
problem-slot-taken = Ada yang lebih cepat. Tiada caj dikenakan. Pilih masa lain.
    .title = Masa diambil
problem-seats-left = { $seats_left ->
    [0] Tiada tempat lagi.
   *[other] Tinggal { $seats_left } tempat sahaja.
} Tiada caj dikenakan.
    .title = Tempat tidak cukup
problem-seats-closed = Tempat boleh ditambah pada tempahan yang disahkan sehingga kelas bermula, sebanyak yang seorang boleh tempah.
    .title = Tiada tempat lagi
problem-not-full = Tempat sebanyak itu masih kosong. Anda boleh menempahnya.
    .title = Masih ada tempat
problem-waiting-already = Anda sudah menunggu tarikh ini. Untuk menunggu tempat lain, keluar daripada senarai dahulu.
    .title = Sudah dalam senarai
problem-not-a-class = Ini bukan kelas yang ditawarkan.
    .title = Bukan kelas
problem-nobody-comes = Tiada tempahan yang disahkan bagi tarikh ini.
    .title = Tiada yang datang
problem-class-message-sent = Anda sudah menghantar teks ini bagi tarikh ini.
    .title = Sudah dihantar
problem-too-many-class-messages = Anda boleh menghantar { $limit } mesej bagi satu tarikh dalam 24 jam. Cuba lagi kemudian.
    .title = Terlalu banyak mesej
problem-slot-changed = Masa ini diubah semasa anda melihat. Bacalah semula.
    .title = Masa diubah
problem-slot-locked = Masa ini disimpan untuk seseorang, atau ditempah. Ia tidak boleh diubah.
    .title = Masa dikunci
problem-booking-not-cancellable = Tempahan ini sudah selesai, atau tidak berlangsung.
    .title = Tidak boleh dibatalkan
problem-reschedule-limit = Tempahan ini sudah dipindahkan sebanyak yang dibenarkan.
    .title = Terlalu kerap dipindahkan
problem-reschedule-not-allowed = Ia hanya boleh dipindahkan ke masa penyedia yang sama dengan harga yang sama; dengan dokumen untuk disemak, juga hanya ke masa yang sama panjang.
    .title = Pemindahan tidak dibenarkan
problem-too-many-bookings = Anda sudah menempah sebanyak yang dibenarkan untuk seorang. Batalkan yang tidak diperlukan, atau cuba lagi esok.
    .title = Terlalu banyak tempahan
problem-too-many-holds = Sudah ada masa yang disimpan untuk anda. Bayar atau lepaskan dahulu.
    .title = Terlalu banyak masa disimpan
problem-too-many-orders = Anda telah mula membayar sekerap yang dibenarkan dalam sejam. Cuba lagi kemudian.
    .title = Terlalu banyak pesanan
problem-quota-exhausted = Tiada kredit untuk sesi ini. Dapatkan melalui pelan.
    .title = Tiada kredit
problem-credit-frozen = Kredit anda tidak boleh digunakan sekarang, kerana bayarannya dipertikaikan atau sedang dipulangkan.
    .title = Kredit ditahan
problem-tier-required = Ini untuk ahli. { $plan ->
        [none] Satu pelan menjadikan anda ahli.
       *[other] Pelan “{ $plan }” menjadikan anda ahli.
    }
    .title = Untuk ahli
problem-membership-required = Kredit ini untuk ahli. Beli keahlian dahulu.
    .title = Untuk ahli
problem-choice-not-offered = Pilih satu yang ditawarkan oleh masa ini.
    .title = Pilihan tidak ditawarkan
problem-preset-used = Sudah ada jenis atau tahap. Pratetap hanya digunakan pada senarai kosong.
    .title = Pratetap tidak digunakan
problem-preferred-invalid = Pilih masa yang berbeza, sekurang-kurangnya satu dan tidak melebihi peraturan; bagi permintaan, salah satu masanya.
    .title = Bukan salah satu masa
problem-request-settled = Permintaan ini telah diputuskan.
    .title = Sudah diputuskan
problem-too-many-requests-open = Permintaan yang menunggu sudah mencapai had. Tarik balik satu, atau cuba lagi esok.
    .title = Terlalu banyak permintaan
problem-feedback-exists = Anda sudah memberi maklum balas tentang sesi ini. Anda boleh mengubahnya selama 7 hari.
    .title = Maklum balas sudah diberi
problem-feedback-too-early = Sesi belum tamat.
    .title = Terlalu awal untuk maklum balas
problem-feedback-closed = Maklum balas diberi dalam 30 hari selepas sesi yang berlangsung, dan diubah dalam 7 hari.
    .title = Maklum balas ditutup
problem-room-pool-empty = Tiada bilik panggilan video yang kosong pada masa ini. Pilih masa lain.
    .title = Tiada bilik kosong
problem-room-in-use = Sesi ini masih belum berlangsung. Biliknya dilepaskan apabila ia tamat atau dibatalkan.
    .title = Bilik masih diperlukan
problem-location-invalid = Masa ini berlangsung di bilik laman ini, jadi ia tiada pautan sendiri.
    .title = Pautan tidak diperlukan
problem-host-invalid = Nama hos sahaja, seperti meet.example.org: tanpa alamat IP, port atau laluan.
    .title = Bukan hos
problem-bulk-rejected = Sesetengah masa ini tidak boleh diubah. Tiada apa-apa yang diubah.
    .title = Tidak semua boleh diubah
problem-location-required = Nyatakan tempat bertemu: pautan sesi dalam talian, nombor telefon, atau alamat. Hanya bilik laman ini tidak memerlukannya.
    .title = Tempat belum dinyatakan
problem-room-exists = Bilik lain mempunyai pautan ini.
    .title = Pautan sudah digunakan
problem-idempotency-key-required = Hantar Idempotency-Key: ini memanggil perkhidmatan pembayaran.
    .title = Kunci tiada
problem-plan-empty = Pelan mesti memberikan kredit atau keahlian.
    .title = Pelan tidak memberikan apa-apa
problem-payment-mismatch = Bayaran ini untuk pesanan lain. Tiada yang diubah.
    .title = Bayaran lain
problem-payment-signature = Perkhidmatan pembayaran tidak menyatakan ini. Tiada yang diubah.
    .title = Bayaran tidak terbukti
problem-gateway-unavailable = Perkhidmatan pembayaran tidak menjawab. Tiada caj dikenakan; cuba sebentar lagi.
    .title = Perkhidmatan pembayaran tidak tersedia
problem-slot-overlap = { $side ->
    [none] Ada sesi anda yang lain di situ.
    [session] Ini bertindih dengan sesi anda pada { $starts_at }.
    [before] Ini bertindih dengan sesi anda pada { $starts_at }, atau dengan { $free_minutes } minit yang dibiarkan lapang sebelumnya.
   *[after] Ini bertindih dengan sesi anda pada { $starts_at }, atau dengan { $free_minutes } minit yang dibiarkan lapang selepasnya.
}
    .title = Masa bertindih
problem-member-busy = Ahli mempunyai tempahan lain pada masa ini.
    .title = Tempahan lain
problem-order-closed = Pesanan ini tidak boleh dibayar lagi.
    .title = Pesanan ditutup
problem-series-rejected = Sebahagian masa ini tidak boleh dibuat. Tiada yang ditambah.
    .title = Siri ditolak
problem-cancel-window-closed = Sudah terlambat untuk memindahkan tempahan ini. Anda masih boleh membatalkannya.
    .title = Terlambat
problem-price-not-kept = “{ $name }” berharga { $price }, yang tidak dapat dinyatakan dalam { $currency }. Ubah harganya dahulu.
    .title = Harga tidak kekal
problem-schedule-in-use = Anda masih menawarkan sesuatu dalam waktu ini. Berikan waktu lain kepada tawaran itu dahulu, atau buang tawaran itu.
    .title = Waktu digunakan
problem-too-many-offers = Anda boleh menawarkan { $limit } sesi serentak. Hentikan satu dahulu; yang tidak ditawarkan tidak dikira.
    .title = Terlalu banyak tawaran
problem-hours-overlap = Ini bertindih dengan bahagian lain dalam minggu itu. Tulis satu tempoh dari mula yang pertama hingga tamat yang terakhir.
    .title = Bahagian waktu bertindih
problem-hours-empty = Waktu tamat mesti berbeza daripada waktu mula. Dari 00:00 hingga 00:00 ialah sepanjang hari.
    .title = Tiada masa
problem-days-reversed = Hari terakhir adalah sebelum hari pertama.
    .title = Hari terbalik
problem-price-and-credit = Ditempah dengan kredit: biarkan harga kosong.
    .title = Harga dan kredit
problem-rooms-missing = Laman ini belum ada bilik. Pilih tempat lain, atau minta pentadbir menambah bilik.
    .title = Tiada bilik
problem-slot-too-short = Sekurang-kurangnya { $min } minit.
    .title = Terlalu pendek
problem-slot-too-long = Paling banyak { $max } minit.
    .title = Terlalu panjang
problem-claim-pays-all = Jika penyedia tidak hadir, semuanya dibayar balik: { $sum }. Biarkan ini kosong.
    .title = Semua dipulangkan
problem-slot-in-past = Ini sudah lepas.
    .title = Sudah lepas
problem-slot-too-far = Paling jauh setahun dari sekarang.
    .title = Terlalu jauh
problem-local-time-missing = Jam tidak pernah menunjukkan waktu ini pada hari itu: ia dimajukan.
    .title = Tiada waktu ini
problem-link-not-allowed = Hanya pautan https ke salah satu daripada ini: { $hosts }.
    .title = Pautan tidak dibenarkan
problem-currency-unknown = Pilih mata wang yang masih digunakan.
    .title = Mata wang tidak dikenali
problem-price-invalid = Tulis sebagai 180 atau 180.00.
    .title = Harga tidak sah
problem-outcome-too-early = Terlalu awal. Sesi selesai apabila ia tamat, dan dikira tidak hadir 10 minit selepas bermula.
    .title = Terlalu awal
problem-outcome-closed = Hasil sesi ini tidak boleh dinyatakan lagi.
    .title = Terlambat
problem-outcome-contested = Pihak yang satu lagi berkata sebaliknya. Tulis kepada pentadbir, yang akan memutuskan.
    .title = Dipertikaikan
problem-claim-closed = Anda sudah memberi maklum balas tentang sesi ini, atau ia sudah dilaporkan.
    .title = Tidak boleh lagi
problem-refund-request-settled = Permintaan ini telah dijawab sementara itu.
    .title = Sudah dijawab
problem-claim-settled = Ini telah diselesaikan sementara itu. Baca semula.
    .title = Sudah diselesaikan
problem-claim-open = Satu pihak berkata pihak yang lain tidak hadir. Bayaran kepada penyedia menunggu sehingga itu diselesaikan.
    .title = Dilaporkan
problem-claim-undecided = Satu pihak berkata pihak yang lain tidak hadir. Putuskan laporan itu, dengan jumlah dan sebab.
    .title = Dilaporkan
problem-own-claim = Anda salah satu daripada dua pihak dalam sesi ini, jadi pentadbir lain yang memutuskan.
    .title = Kes anda sendiri
problem-finding-settled = Ini sudah diselesaikan. Baca semula.
    .title = Sudah diselesaikan
problem-refund-exceeds = Bayaran itu tidak mempunyai baki sebanyak ini.
    .title = Terlalu banyak
problem-credits-changed = Tiada wang dipulangkan: kredit telah berubah, dan { $used } kini sudah digunakan. Semak semula jumlahnya.
    .title = Kredit berubah
problem-refund-not-eligible = Peraturan bayaran balik tidak membenarkan yang ini. Nyatakan sebab ia tetap dibayar balik.
    .title = Bukan menurut peraturan
problem-payout-state = Ini telah diputuskan sementara itu. Baca semula.
    .title = Sudah diputuskan
problem-payout-empty = Tiada yang perlu dibayar dalam mata wang ini.
    .title = Tiada yang perlu dibayar
problem-second-person-required = Anda meluluskan sebahagian bayaran ini. Orang lain perlu menghantarnya.
    .title = Orang kedua diperlukan

external-calendar = Kalendar anda sendiri
external-calendar-text = Berikan alamat https kalendar yang anda simpan di tempat lain, misalnya alamat peribadi dalam format iCal yang ditunjukkan oleh program kalendar anda. Ia dibaca setiap jam. Masa yang bertindih dengan catatan di situ tidak ditawarkan; tempahan tidak pernah dibatalkan kerananya.
external-calendar-address = Alamat kalendar
external-calendar-hint = Bermula dengan https:// dan biasanya berakhir dengan .ics. Ia tidak ditunjukkan lagi selepas disimpan.
external-calendar-read = Kali terakhir dibaca: { $when }
external-calendar-unread = Ia sedang dibaca buat kali pertama.
external-calendar-end = Berhenti membacanya
external-calendar-refused = Alamat ini tidak dapat dibaca lagi. Sila masukkan semula.
external-calendar-unreachable = Pelayan kalendar tidak dapat dihubungi. Hanya kalendar di internet awam boleh dibaca. Ia dicuba lagi dalam masa sejam, dan apa yang dibaca terakhir kekal.
external-calendar-slow = Pelayan kalendar terlalu lambat menjawab. Ia dicuba lagi dalam masa sejam, dan apa yang dibaca terakhir kekal.
external-calendar-status = Pelayan tidak memberikan kalendar itu. Semak sama ada alamat masih betul, dan menuju ke kalendar itu sendiri dan bukan ke alamat lain.
external-calendar-too-long = Kalendar lebih besar daripada 1 MB. Sila gunakan yang kurang catatannya.
external-calendar-broken = Apa yang ada di alamat ini bukan kalendar yang lengkap. Semak alamat; apa yang dibaca terakhir kekal.
external-calendar-too-much = Kalendar mempunyai terlalu banyak catatan. Sila gunakan yang kurang catatannya.
external-calendar-partial = Sesetengah catatan kalendar tidak dapat dibaca dengan tepat: catatan itu menyembunyikan hari penuh, setiap jam yang mungkin dimaksudkan (jika zon waktunya tidak diketahui), atau tiada masa. Yang lain semuanya dikira.
external-calendar-notice = Kalendar anda ada catatan pada masa tempahan: { $about }
external-calendar-said = Kalendar anda kini ada catatan pada masa tempahan ini. Tempahan kekal seperti sedia ada: jika anda tidak dapat menepatinya, batalkan sendiri.
slot-busy = Tersembunyi: anda sibuk
event-booking-feedback = Memberi maklum balas tentang sesi
event-booking-link-replaced = Menggantikan pautan sesi
event-booking-outcome = Menyatakan hasil sesi
event-booking-seats-marked = Menyatakan siapa yang hadir ke kelas
event-booking-claim = Melaporkan seseorang tidak hadir ke sesi
event-booking-claim-decided = Memutuskan laporan bahawa seseorang tidak hadir
event-booking-room-released = Melepaskan bilik satu sesi
event-booking-records-deleted = Memadam rekod wang yang tamat tempohnya
event-booking-request = Memutuskan permintaan sesi
event-booking-review = Mengerjakan semakan dokumen
event-booking-export-made = Mengeksport tempahan atau wang
event-booking-setting-changed = Mengubah peraturan tempahan
event-credit-adjusted = Melaraskan kredit seseorang
event-finding-applied = Menyelesaikan percanggahan wang
event-refund-requested = Meminta bayaran balik
event-refund-asked = Meminta wang dikembalikan
event-refund-refused = Menolak membayar balik wang
event-payout-step = Memutuskan bayaran kepada penyedia
event-payout-batch-created = Membuat kelompok bayaran
event-payout-batch-exported = Mengambil fail bank bagi kelompok bayaran
event-payout-batch-step = Membawa kelompok bayaran ke langkah seterusnya
event-provider-calendar-set = Memberikan alamat kalendar sendiri
event-provider-calendar-removed = Membuang alamat kalendar sendiri
event-provider-changed = Mengubah profil penyedia
event-provider-payout-reference-changed = Mengubah tujuan bayaran mereka
event-provider-rate-changed = Mengubah bayaran penyedia
event-slot-changed = Mengubah masa
event-slot-created = Menawarkan masa
event-slot-deleted = Memadam masa
event-slot-class-cancelled = Membatalkan satu tarikh kelas
event-slot-class-written = Menulis kepada semua yang datang ke kelas
event-slot-hidden = Menyembunyikan masa
event-slot-shown = Menunjukkan semula masa
event-plan-created = Menambah pelan
event-plan-changed = Mengubah pelan
event-plan-removed = Membuang pelan
event-provider-schedule-created = Menambah waktu
event-provider-schedule-changed = Mengubah waktu
event-provider-schedule-removed = Membuang waktu
event-schedule-exception-created = Menambah hari cuti atau waktu lain
event-schedule-exception-changed = Mengubah hari cuti atau waktu lain
event-schedule-exception-removed = Membuang hari cuti atau waktu lain
event-offer-created = Menawarkan sesi
event-offer-changed = Mengubah tawaran
event-offer-removed = Membuang tawaran
event-offer-question-created = Menambah soalan pada tawaran
event-offer-question-changed = Mengubah soalan tawaran
event-offer-question-removed = Membuang soalan tawaran
event-room-created = Menambah bilik
event-room-changed = Mengubah bilik
event-room-removed = Membuang bilik
event-criterion-created = Menambah kriteria maklum balas
event-criterion-changed = Mengubah kriteria maklum balas
event-criterion-removed = Membuang kriteria maklum balas
event-session-type-created = Menambah jenis sesi
event-session-type-changed = Mengubah jenis sesi
event-session-type-removed = Membuang jenis sesi
event-level-created = Menambah tahap
event-level-changed = Mengubah tahap
event-level-removed = Membuang tahap
event-catalogue-entry-created = Menambah entri katalog
event-catalogue-entry-changed = Mengubah entri katalog
event-catalogue-entry-removed = Membuang entri katalog
event-credit-kind-created = Menambah jenis kredit
event-credit-kind-changed = Mengubah jenis kredit
event-credit-kind-removed = Membuang jenis kredit

waiting-newcomer-text = Anda tidak perlu akaun: kami menghantar pautan melalui e-mel, dan anda dalam senarai sebaik sahaja anda mengikutnya.
waiting-newcomer-sent = Kami telah menghantar e-mel ke alamat ini. Ikut pautannya dalam masa sehari, dan anda dalam senarai menunggu.
waiting-newcomer-unsent = Laman ini tidak menghantar e-mel: e-mel dengan pautan anda kekal pada pengurus laman ini. Minta pautan itu daripada mereka dalam masa sehari.
waiting-newcomer-confirm = Ini juga mengesahkan alamat anda. Kami menulis kepada anda apabila tempat kosong.
waiting-mail-newcomer = Sertai senarai menunggu: { $title }, { $begins }
waiting-said-newcomer = Salam { $name },

    anda mahu menunggu tempat: { $title }, { $when }.
    Sertai senarai menunggu dengan pautan ini:

    { $address }

    Jika anda tidak mahu menunggu, abaikan e-mel ini. Tiada sesiapa dimasukkan ke dalam senarai.

    { $site }
waiting-said-newcomer-known = Salam { $name },

    seseorang mahu menunggu tempat dengan alamat anda: { $title }, { $when }.
    Jika itu anda, log masuk dengan pautan ini dan sertai senarai menunggu di situ:

    { $address }

    Jika bukan anda, abaikan e-mel ini. Tiada sesiapa dimasukkan ke dalam senarai.

    { $site }
booking-newcomer-name = Nama anda
booking-newcomer-email = Alamat e-mel anda
booking-newcomer-hint = Kami hantar pautan yang mengesahkan tempahan.
booking-newcomer-text = Anda tidak perlu akaun: kami simpan masa itu sementara anda mengesahkan melalui e-mel.
booking-newcomer-sent = Semak e-mel anda
booking-newcomer-held = Kami telah menghantar e-mel ke alamat ini. Ikut pautannya dalam masa { $minutes } minit: sehingga itu masa disimpan.
booking-newcomer-unsent = Laman ini tidak menghantar e-mel: e-mel dengan pautan anda kekal pada pengurus laman ini. Minta pautan itu daripada mereka dalam masa { $minutes } minit: sehingga itu masa disimpan.
booking-newcomer-no-mail = Tiada e-mel? Lihat folder spam, atau semak alamat dan cuba lagi.
booking-newcomer-confirm = Sahkan tempahan anda
booking-newcomer-confirm-text = Ini juga mengesahkan alamat anda. Kemudian anda boleh memindahkan atau membatalkan tempahan.
booking-newcomer-do = Sahkan tempahan
booking-mail-newcomer = Sahkan tempahan anda: { $title }, { $begins }
booking-said-newcomer = Salam { $name },

    masa anda disimpan sehingga { $until }: { $title }, { $when }, { $price }.
    Sahkan tempahan dengan pautan ini:

    { $address }

    Jika anda tidak menempah apa-apa, abaikan e-mel ini. Masa itu kemudian diberikan kepada orang lain.

    { $site }
booking-said-newcomer-known = Salam { $name },

    seseorang menempah dengan alamat anda: { $title }, { $when }, { $price }. Masa itu disimpan sehingga { $until }.
    Jika itu anda, log masuk dengan pautan ini dan sahkan tempahan, atau bayar, di situ:

    { $address }

    Jika bukan anda, abaikan e-mel ini. Masa itu kemudian diberikan kepada orang lain.

    { $site }
booking-said-newcomer-none = Salam { $name },

    seseorang cuba menempah dengan alamat anda: { $title }, { $when }, { $price }. Tiada apa disimpan untuk anda, kerana anda ada tempahan lain, atau tidak boleh menempah masa ini.
    Jika itu anda, log masuk dengan pautan ini:

    { $address }

    { $site }
booking-unproven = Belum disahkan
booking-set-public = Semua orang melihat masa yang ditawarkan
booking-set-public-hint = Jika tidak, hanya orang yang log masuk.
booking-set-orders = Pesanan yang boleh dibuat seorang ahli dalam sejam
booking-set-newcomers = Orang boleh menempah tanpa akaun
booking-set-newcomers-hint = Mereka memberi nama dan alamat, dan mengesahkan melalui e-mel. Hanya jika pendaftaran dibenarkan.
request-this-time = Masa ini
booking-link-replace = Ganti pautan
booking-link-text = Hanya jika pautan tidak berfungsi. Kedua-dua pihak mendapat e-mel dengan yang baharu.
booking-link-new = Pautan baharu
booking-link-was-replaced = Pautan diganti, dan kedua-dua pihak mendapat e-mel.
booking-mail-link = Pautan baharu: { $title }, { $when }
booking-said-link = Ini berlangsung di pautan lain, dengan { $with }:
booking-notice-link = Pautan baharu: { $about }
booking-mail-note = Untuk diketahui lebih awal: { $title }, { $when }
booking-said-note = { $with } mengubah perkara yang perlu anda ketahui lebih awal. Bacalah di halaman tempahan anda:
booking-notice-note = Perkara yang perlu diketahui lebih awal diubah: { $about }
booking-notice-left-out = Ditinggalkan, bertembung dengan sesi lain: { $about }
booking-said-left-out = Tarikh kelas anda yang bertembung dengan sesi lain ditinggalkan. Ini yang pertama:
waiting-notice-asked = Disimpan untuk anda: { $about }
waiting-said-asked = Tempat dalam kelas ini sudah kosong, dan tempat anda disimpan hingga { $until }. Tempah sebelum itu, atau lepaskan untuk yang menunggu seterusnya:
waiting-notice-open = Ada tempat kosong: { $about }
waiting-said-open = Tempat dalam kelas ini sudah kosong. Oleh sebab ia bermula tidak lama lagi, tempat tidak disimpan untuk sesiapa: yang pertama menempah akan mendapatnya.
waiting-notice-lapsed = Tidak disimpan lagi: { $about }
waiting-said-lapsed = Tempat yang disimpan untuk anda tidak ditempah tepat pada masanya, jadi orang lain boleh mendapatnya sekarang. Anda tidak menunggu lagi. Jika masih mahu hadir, tempah yang kosong, atau sertai senarai itu semula:
waiting-notice-closed = Dibatalkan: { $about }
waiting-said-closed = Kelas yang anda tunggu tidak diadakan:
booking-notice-zone = Kini setiap orang ada satu zon waktu. Masa sesi anda ditunjukkan mengikut zon akaun anda: { $about }
review-begin-text = Seseorang membacanya dan menulis kepada anda tentangnya.

## Hosts: hours and offers of providers

hours-title = Waktu dan hari cuti
hours-about = Ahli boleh menempah tawaran anda pada masa lapang dalam waktu ini.
hours-none = Anda belum ada waktu. Nyatakan bila anda memberi sesi dalam minggu biasa, dan setiap masa lapang di dalamnya boleh ditempah.
hours-then-offer = Sekarang nyatakan apa yang boleh ditempah dalam waktu ini.
hours-new = Tambah waktu anda
hours-another = Tambah waktu lain
hours-of-times = Jadikan masa ini waktu anda
hours-of-times-about = Sebahagian masa tunggal anda berulang setiap minggu. Waktu menawarkannya tanpa penghujung.
hours-of-times-none = Tiada masa tunggal anda yang berulang setiap minggu.
hours-of-times-replaced = { $count } masa kosong dibuang, kerana waktu itu menawarkannya.
hours-of-times-booked = { $count } masa yang ditempah kekal.
hours-of-times-offered = { $count } masa kemudiannya boleh ditempah dalam { $days } hari akan datang.
hours-of-times-kept = { $count } masa kosong kekal seperti sedia ada, kerana waktu itu tidak menawarkannya, atau seseorang telah memintanya:
hours-of-times-do = Buat waktu dan tawaran
hours-of-times-made = Ahli kini menempah “{ $title }” dalam waktu anda. { $count } masa tunggal dibuang.
hours-of-times-see = Lihat tawaran
hours-of-times-left = Ini kekal masa tunggal
hours-own = Waktu saya
hours-name = Nama waktu ini
hours-zone = Zon waktu
hours-zone-hint = Waktu ini mengikut jam tempat ini, contohnya Berlin atau Kuala Lumpur, walaupun anda dalam perjalanan.
hours-week = Setiap minggu
hours-week-hint = Waktu tamat sebelum waktu mula bermaksud hari berikutnya. Biarkan hari kosong jika tiada sesi.
hours-settings = Nama dan zon
hours-more = Bahagian hari yang lain
hours-day = Hari
hours-opens = Dari
hours-closes = Hingga
hours-by-clock = Mengikut jam { $zone }
hours-closed = Tiada waktu dalam minggu biasa.
hours-outside = Masih ditempah di luar waktu ini
hours-outside-stay = Sesi ini kekal. Batalkan jika ada yang tidak dapat diadakan.
hours-change = Ubah
hours-days = { $from } – { $to }
hours-comma = { ", " }
hours-next-day = (hari berikutnya)
hours-off = Cuti
hours-days-title = Hari cuti, hari tambahan
hours-new-days = Tambah hari cuti atau waktu lain
hours-which-days = Hari mana
hours-first-day = Hari pertama
hours-last-day = Hari terakhir
hours-last-day-hint = Biarkan kosong untuk satu hari sahaja.
hours-of-days = Waktu pada hari-hari ini
hours-of-days-hint = Waktu ini menggantikan waktu biasa. Biarkan semua kosong jika anda bercuti.
hours-one = Waktu mana
hours-all = Semua waktu saya
hours-note = Nota untuk diri sendiri
hours-remove = Buang waktu ini
hours-remove-effect = Sesi yang sudah ditempah kekal.
hours-remove-days = Buang
hours-remove-days-effect = Waktu minggu biasa digunakan semula pada hari-hari ini. Sesi yang sudah ditempah kekal.
hours-removed = Dibuang.
offer-title = Tawaran anda
offer-about = Setiap sesi boleh ditempah pada masa lapang dalam waktu anda.
offer-new = Tawarkan sesi
offer-needs-hours = Mula-mula nyatakan bila anda memberi sesi.
offer-session = Sesi
offer-added = Ahli kini boleh menempahnya.
offer-removed = Dibuang.
offer-away = Tidak ditawarkan
offer-remove = Buang tawaran ini
offer-remove-effect = Tiada sesiapa boleh menempahnya lagi. Sesi yang sudah ditempah kekal.
offer-lengths = Tempoh dan harga
offer-lengths-hint = Ahli memilih antara sehingga 6 tempoh.
offer-length = Berapa lama
offer-length-row = Tempoh { $n }
offer-price-hint = Termasuk cukai. Biarkan kosong jika percuma, atau dibayar dengan kredit.
offer-when = Bila boleh ditempah
offer-hours = Waktu
offer-step = Mula
offer-step-none = Satu demi satu
offer-step-every = Setiap { $length }
offer-horizon = Berapa hari lebih awal boleh ditempah
offer-day-limit = Paling banyak dalam satu hari
offer-day-limit-hint = Biarkan kosong jika tiada had.
offered-times = { $week }, { $zone }: { $count } masa selama { $length } dalam 4 minggu akan datang, selagi tiada siapa menempah.
offered-times-class = { $week }, { $zone }: { $count } tarikh selama { $length } dalam 4 minggu akan datang, { $most ->
    [1] satu sehari
   *[other] sehingga { $most } dalam sehari
}. Setiap satu menutup sesi anda yang lain pada waktu itu.
offered-times-none = Waktu ini tidak memberi masa selama { $length } dalam 4 minggu akan datang.
offered-times-of = { $title }: { $times }
offered-times-sure = Simpan sekali lagi jika memang sebanyak itu tarikh yang anda maksudkan. Jika anda maksudkan satu pelajaran pada satu masa, tulis 1 tempat, atau beri kelas itu waktunya sendiri.
offered-see = Lihat seperti pelawat
offer-closes = Tarikhnya menutup masa bagi: { $titles }
offer-closes-all = Tarikhnya tidak meninggalkan masa bagi: { $titles }
class-date-new = Tambah tarikh
class-date-title = Tambah tarikh: { $title }
class-date-hint = Hari dan masa ialah menurut { $zone }. Tarikh ini kekal apabila waktu anda berubah.
class-date-add = Tambah tarikh ini
offer-seats = Tempat
offer-seats-hint = Lebih daripada satu bermakna kelas: beberapa orang menempah tarikh yang sama. Setiap waktu mula dalam waktunya menjadi tarikh, yang menutup sesi anda yang lain pada waktu itu, jadi berikan kelas waktunya sendiri.
offer-party = Tempat bagi satu tempahan, paling banyak
offer-party-hint = Satu kredit untuk satu tempat.
offer-active = Ditawarkan
offer-question-title = Soalan pada borang
offer-question-about = Sesiapa yang menempah tawaran menjawab soalannya. Anda membaca jawapan bersama tempahan.
offer-question-needs-offer = Tawarkan sesi dahulu.
offer-question-none = Hanya topik dan nota ditanya.
offer-question-new = Tambah soalan
offer-question-one = Soalan itu
offer-question-offer = Ditanya kepada yang menempah
offer-question-label = Soalan
offer-question-kind = Cara menjawab
offer-question-line = Dalam satu baris
offer-question-text = Dalam beberapa baris
offer-question-one-of = Satu daripada pilihan
offer-question-some-of = Beberapa pilihan
offer-question-number = Dengan nombor
offer-question-tick = Dengan tanda
offer-question-options = Pilihan
offer-question-options-hint = Satu setiap baris, 2 hingga 12. Hanya untuk jawapan dengan pilihan.
offer-question-required = Tiada tempahan tanpa jawapan
offer-question-active = Ia ditanya
offer-question-away = Tidak ditanya
offer-question-remove = Buang soalan ini
offer-question-remove-effect = Ia tidak ditanya lagi. Jawapan yang telah diberi kekal.
offer-question-removed = Dibuang.
