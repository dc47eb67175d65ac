## Hosts: the operator's page

server = Pelayan
server-refresh = Segar semula
server-live = Terkini
server-live-waiting = Menyambung semula…
server-no-keeper = Kenduri sedang bermula atau berhenti. Sila muat semula sebentar lagi.

## Hosts: services and their instances

server-services = Perkhidmatan
server-service = Perkhidmatan
server-instances = Salinan
server-instance = Salinan
server-state = Keadaan
server-since = Sejak
server-restarts = Mula semula
server-cpu = CPU
server-memory = Ingatan
server-rate = Permintaan/s
server-pid = Proses
server-last-exit = Tamat terakhir
server-own = Kenduri sendiri
server-own-text = Inilah Kenduri sendiri: ia menerima semua sambungan dan menghidangkan halaman ini. Ia berhenti apabila kenduri serve berhenti.
server-address = Alamat
server-address-is = Pautan ke laman ini bermula dengan { $address }. Tetapan site.url dalam kenduri.toml ialah alamat ini.
server-address-private = Tetamu tidak dapat membuka pautan begini. Sesiapa yang mengurus pelayan ini perlu menghalakan satu nama kepadanya, menulis url = "https://wedding.example" dengan nama itu di bawah [site] dalam kenduri.toml, kemudian menjalankan: sudo kenduri apply && sudo kenduri reload kenduri. Untuk demo, mulakannya dengan --set site.url=https://wedding.example.
server-no-services = Belum ada program lain yang dijalankan. Bahagian [service.NAMA] dalam kenduri.toml menerangkannya.
server-of = { $used } daripada { $most }
server-seconds = { $n } s
server-minutes = { $n } min
server-hours = { $n } jam
server-days = { $n } hari
server-ready = Sedia
server-spare = Simpanan
server-starting = Sedang bermula
server-waiting = Akan bermula semula
server-former = Disimpan jika yang baharu gagal
server-draining = Menyelesaikan permintaan
server-stopping = Sedang berhenti
server-failed = Gagal
server-finished = Tamat
server-stopped = Dihentikan

## Hosts: the edge

server-certificates = Sijil
server-no-certificates = Tiada sijil. Dalam kenduri.toml, tls.acme akan memesannya, dan [[tls.certificate]] menamakan fail.
server-certificate-valid = Sah
server-certificate-troubled = Sah, pembaharuan gagal
server-certificate-overdue = Sah, hampir tamat
server-certificate-expired = Tamat tempoh
server-certificate-early = Belum sah lagi
server-certificate-failed = Gagal
server-certificate-ordered = Sedang dipesan
server-certificate-none = Tidak dipesan
server-certificate-until = Sah hingga { $when }.
server-certificate-next = Langkah seterusnya { $when }.
server-certificate-failure = Gagal pada { $when }:
server-certificate-file = Daripada fail
server-routes = Laluan
server-routes-text = Laluan pertama yang sepadan menjawab permintaan.
server-backup = Sandaran
server-backup-off = Tiada apa-apa disandarkan: jika mesin ini hilang, semuanya turut hilang. Untuk bermula, tulis dalam kenduri.toml ke mana salinan dihantar, pada cakera atau mesin lain, dan mulakan semula Kenduri:
server-backup-off-then = Kemudian buat kuncinya, yang menunjukkan frasa laluan enam perkataan sekali sahaja:
server-backup-good = Semuanya disandarkan
server-backup-waiting = Syot kilat pertama sedang dibuat
server-backup-elsewhere = Mesin lain membuat sandaran
server-backup-failing = Gagal
server-backup-no-key = Belum bermula
server-backup-no-key-text = Belum ada kunci. Ini membuatnya, dan menunjukkan frasa laluan enam perkataan sekali sahaja:
server-backup-snapshot = Syot kilat terakhir: { $when }.
server-backup-until = Apa yang ditulis sehingga { $when } ada dalam sandaran.
server-backup-dumped = Storan berada dalam PostgreSQL dan dieksport sekerap yang ditetapkan dalam backup.every. Hanya keadaan pada waktu eksport boleh dipulihkan, bukan mana-mana waktu di antaranya.
server-backup-failure = Kali terakhir gagal pada { $when }:
server-backup-missing = Pada { $when } sebahagian sandaran tiada:
server-backup-same-disk = Sandaran berada pada cakera yang sama dengan data: jika cakera itu hilang, kedua-duanya hilang.
server-backup-no-lease = Tempat ini membenarkan dua mesin menulis serentak, jadi pastikan hanya satu Kenduri menggunakannya.
server-backup-second-until = Tempat kedua mempunyai apa yang ditulis sehingga { $when }.
server-backup-second-failure = Tempat kedua gagal kali terakhir pada { $when }:
server-saving-paused = Tiada apa-apa disimpan
server-saving-paused-since = Sejak { $when } tiada apa-apa disimpan di sini, kerana mesin lain mungkin mengambil alih:
server-took-over = Pada { $when } mesin ini menggantikan { $from } dengan sendirinya. Apa yang disimpan di sana sehingga { $until } ada di sini; apa yang disimpan kemudian mungkin hilang.
server-backup-drill-good = Dicuba pada { $when }: ia dipulihkan di tempat lain dan lengkap.
server-backup-drill-skipped = Tidak dicuba pada { $when }: ruang cakera tidak cukup untuk memulihkannya di tempat lain.
server-backup-drill-failed = Dicuba pada { $when }: ia tidak dapat dipulihkan. Jalankan kenduri backup verify untuk mengetahui sebabnya.
server-updates = Berita Kenduri
server-updates-off = Kenduri tidak menyemak versi yang lebih baharu. Dalam kenduri.toml, updates.advisories menamakan tempat untuk disemak sekali sehari.
server-updates-waiting = Belum ada apa-apa yang diketahui. Semakan seterusnya dibuat dalam masa sehari.
server-updates-found = Kali terakhir disemak pada { $when }.
server-updates-failure = Semakan pada { $when } gagal:
server-updates-none = Tiada versi yang lebih baharu, dan tiada nasihat keselamatan yang melibatkan versi ini.
server-updates-newer = Versi lebih baharu
server-updates-advisory = Melibatkan versi ini
server-updates-fixed = Dibaiki dalam { $versions }.

## Hosts: one service

server-deeds = Tindakan
server-start = Mulakan
server-reload = Ganti tanpa gangguan
server-restart = Mulakan semula
server-scale = Ubah bilangan salinan
server-stop = Hentikan
server-start-effect = { $service } dimulakan. Permintaan sampai kepadanya setelah ia sedia.
server-reload-effect = Salinan { $service } diganti satu demi satu. Yang baharu sedia sebelum yang lama berhenti, jadi tiada permintaan yang gagal. Jika yang baharu tidak sedia, yang lama kekal.
server-restart-effect = Semua salinan { $service } ditamatkan, kemudian dimulakan semula. Sementara itu permintaan menunggu sehingga 2 saat; selepas itu permintaan gagal.
server-scale-effect = Salinan { $service } ditambah atau dikurangkan sehingga sebanyak ini menerima permintaan. Yang dikurangkan menyelesaikan kerjanya dahulu. Ini kekal sehingga huraiannya dalam tetapan berubah.
server-stop-effect = Semua salinan { $service } ditamatkan. Permintaan kepadanya gagal sehingga ia dimulakan semula.
server-worker-effect = Proses baharu mengambil alih sambungan dan halaman ini. Ia sedia sebelum yang lama berhenti, jadi tiada permintaan yang gagal. Jika ia tidak sedia, yang lama kekal.
server-count = Salinan yang menerima permintaan, 1 hingga 64
server-done-start = { $service } berjalan.
server-done-reload = { $service } telah diganti; permintaan diteruskan.
server-done-restart = { $service } telah dihentikan dan berjalan semula.
server-done-scale = { $service } mempunyai bilangan salinan yang diminta.
server-done-stop = { $service } telah dihentikan.
server-done-late = { $service } masih melakukannya. Halaman ini menunjukkan kemajuannya.
server-done-worker = Proses seterusnya sedang bermula. Jika ia tidak sedia, yang lama diteruskan, dan log menyatakan sebabnya.
server-refused = Ini tidak dilakukan
server-frozen = Acara sudah dekat: tiada yang dimulakan semula sehingga { $when }.
server-force = Lakukan juga
server-scale-range = Pilih tindakan; bilangan salinan ialah 1 hingga 64.
server-lines = Baris terakhir
server-grep = Baris yang mengandungi teks ini
server-show = Tunjukkan
server-wrap = Balut baris panjang
server-no-lines = Tiada baris.
server-description = Keterangan
server-command = Arahan
server-directory = Folder
server-user = Dijalankan sebagai
server-front = Alamat tetap
server-after = Bermula selepas
server-wanted = Dikehendaki
server-wanted-text = { $instances } menerima permintaan, { $spare } simpanan
server-generation = Generasi
server-environment = Persekitaran
server-environment-text = Nilai tidak pernah ditunjukkan.
server-sockets = Mendengar di
server-exits = Tamat terdahulu
server-no-exits = Belum ada.
server-exit = Salinan { $instance }, selepas { $ran }

## Hosts: alerts

server-alerts = Amaran
server-alerts-none = Tiada masalah sekarang.
server-alerts-on = Aktif
server-alerts-since = Sejak { $when }
alert-disk = Cakera hampir penuh
alert-disk-text = { $free } daripada { $size } masih kosong untuk data Kenduri. Apabila cakera penuh, tiada apa-apa boleh disimpan. Buang fail yang tidak diperlukan, atau pindah ke cakera yang lebih besar.
alert-memory = Ingatan hampir habis digunakan
alert-memory-text = { $free } daripada { $size } masih tersedia. Apabila ingatan habis, sistem menamatkan program. kenduri ps menunjukkan perkhidmatan yang paling banyak menggunakannya: mulakan semula perkhidmatan itu, atau tambah ingatan mesin.
alert-backup = Sandaran ketinggalan
alert-backup-text = Apa yang ditulis selepas { $until } tiada dalam sandaran. Periksa sama ada tempat sandaran boleh dicapai dan mempunyai ruang.
alert-backup-missing = Sebahagian sandaran tiada
alert-backup-missing-text = Tempat sandaran tidak lagi mempunyai semua yang disalin ke situ: { $reason }
alert-backup-elsewhere = Mesin lain menulis ke tempat sandaran
alert-backup-elsewhere-text = Apa yang disimpan pada mesin ini tidak disandarkan: { $reason }
alert-backup-second = Tempat kedua sandaran gagal
alert-backup-second-text = Tempat kedua tidak mempunyai apa yang ditulis selepas { $until }: { $reason }
alert-saving-paused = Tiada apa-apa disimpan tanpa tempat sandaran
alert-saving-paused-text = Sejak { $since } mesin ini tidak dapat memegang pajakan sandaran dan tidak menyimpan apa-apa, kerana mesin lain boleh mengambil alih dengan sendirinya: { $reason }
alert-took-over = Mesin ini telah mengambil alih dengan sendirinya
alert-took-over-text = Mesin ini menggantikan { $from }. Apa yang disimpan di sana sehingga { $until } ada di sini; apa yang disimpan kemudian mungkin hilang, jadi tanyalah mereka yang menjawab pada waktu itu. Halakan domain ke mesin ini, dan hentikan Kenduri pada { $from }.
alert-drill = Sandaran tidak dapat dipulihkan
alert-drill-text = Percubaan gagal: { $reason }. Jalankan kenduri backup verify, kemudian kenduri backup now.
alert-certificate-ends = Sijil { $about } hampir tamat
alert-certificate-ends-text = Ia tamat pada { $until }. Selepas itu pelayar menolak laman ini. Gantikan failnya, atau lihat di bawah sebab ia tidak diperbaharui.
alert-certificate-fails = Sijil untuk { $about } tidak dapat dipesan
alert-certificate-fails-text = Pihak berkuasa sijil atau rangkaian menyatakan: { $reason }
alert-jobs = Kerja latar gagal
alert-jobs-text = Gagal dalam sehari yang lalu dan tidak dicuba lagi: { $number } ({ $kinds }). Log menyatakan sebabnya dan apa yang perlu dibuat.
alert-mails = E-mel tidak dapat dihantar
alert-mails-text = Tidak dicuba lagi dalam sehari yang lalu: { $number }. Log menyatakan sebabnya dan apa yang perlu dibuat.
alert-service = { $about } terlalu kerap gagal
alert-service-text = Ia tidak dimulakan lagi. Jika ia mempunyai beberapa salinan, yang lain diteruskan; tanpa satu pun, permintaan kepadanya dijawab dengan ralat. Sebab: { $reason }. Baiki puncanya, kemudian mulakan pada halamannya.
alert-clock = Jam { $about } berbeza
alert-clock-text = Jam itu berbeza { $seconds } s daripada jam pangkalan data. Jika lebih daripada 10 s, mesin itu tidak membuat kerja latar dan tidak menerima permintaan. Tetapkan jam semua mesin melalui NTP.

## Hosts: whether the installation is ready

server-ready-title = Sudah sedia?
server-ready-yes = Sedia
server-ready-todo = Perlu dibuat
server-ready-hold = Tangguhkan perubahan
server-ready-unknown = Tidak diketahui
server-ready-backup = Sandaran terkini
server-ready-backup-off = Tiada apa-apa disandarkan. Bahagian tentang sandaran di bawah menerangkan cara bermula.
server-ready-backup-key = Buat kunci sandaran dengan kenduri backup now, dan catat frasa laluannya.
server-ready-backup-failing = Sandaran gagal. Bahagian tentang sandaran di bawah menyatakan sebabnya.
server-ready-backup-waiting = Syot kilat pertama sedang dibuat. Lihat semula sebentar lagi.
server-ready-backup-elsewhere = Mesin lain membuat sandaran dan mengetahui keadaannya. Halaman tentang mesin menyatakan yang mana mengetuai.
server-ready-backup-old = Syot kilat terakhir sudah terlalu lama. Jalankan kenduri backup now, dan periksa sebab tiada yang dibuat.
server-ready-backup-same-disk = Sandaran berada pada cakera data. Tulis cakera lain, mesin lain atau baldi dalam backup.to.
server-ready-backup-second = Tempat kedua sandaran gagal. Bahagian tentang sandaran di bawah menyatakan sebabnya.
server-ready-drill = Sandaran boleh dipulihkan
server-ready-drill-failed = Percubaan gagal. Jalankan kenduri backup verify, kemudian kenduri backup now.
server-ready-drill-skipped = Ruang cakera tidak cukup untuk percubaan. Kosongkan ruang, atau jalankan kenduri backup verify.
server-ready-drill-none = Belum pernah dicuba. Dengan backup.drill, ia dicuba seminggu sekali.
server-ready-mail = E-mel dihantar
server-ready-mail-mailbox = E-mel kekal dalam peti mel laman ini. Dalam kenduri.toml, mail.url menamakan pelayan mel.
server-ready-mail-failed = E-mel terakhir tidak dapat dihantar. Periksa mail.url, kata laluannya dan log.
server-ready-mail-none = Belum ada e-mel dihantar. Minta pautan log masuk untuk diri sendiri sebagai percubaan.
server-ready-records = Rekod DNS untuk e-mel sudah ada
server-ready-records-missing = Beberapa rekod belum ada, jadi e-mel kepada ramai orang menunggu. Halaman tentang e-mel dan DNS menyenaraikannya.
server-ready-certificates = Sijil dalam keadaan baik
server-ready-certificates-wrong = Ada sijil yang hampir tamat atau tidak dapat dipesan. Bahagian tentang sijil di bawah menyatakan yang mana.
server-ready-certificates-none = Tiada sijil. Ini betul hanya jika sesuatu di hadapan Kenduri memilikinya.
server-ready-certificates-ordered = Ada sijil yang sedang dipesan. Lihat semula sebentar lagi.
server-ready-disk = Cakera mempunyai ruang
server-ready-disk-low = Ruang hampir habis. Buang fail yang tidak diperlukan, atau pindah ke cakera yang lebih besar.
server-ready-disk-unknown = Sistem tidak menyatakan berapa ruang yang kosong.
server-ready-freeze = Tiada acara yang dekat
server-ready-event = Acara sudah dekat
server-ready-freeze-now = Tuan rumah meminta supaya pelayan tidak diusik sehingga { $until }. Rancang mula semula dan naik taraf selepas itu.
server-ready-freeze-near = Tuan rumah meminta supaya pelayan tidak diusik dari { $from } sehingga { $until }. Lakukan rancangan anda sebelum atau selepasnya.
server-ready-updates = Kenduri ialah versi terkini
server-ready-updates-advisory = Ada nasihat keselamatan yang melibatkan versi ini. Naik taraf kepada versi yang telah dibaiki.
server-ready-updates-off = Kenduri tidak menyemak versi yang lebih baharu. Dalam kenduri.toml, updates.advisories menamakan tempat untuk disemak sekali sehari.
server-ready-updates-failed = Semakan terakhir tidak berjaya. Bahagian tentang berita Kenduri di bawah menyatakan sebabnya.
server-ready-updates-waiting = Belum ada apa-apa yang diketahui. Lihat semula esok.
server-ready-later = Lihat semula sebentar lagi.
server-ready-updates-newer = Ada versi lebih baharu. Naik taraf apabila tiada acara yang dekat.

## Hosts: the machine

server-machine = Mesin
server-memory-room = Ingatan
server-disk = Cakera folder data
server-free = { $free } daripada { $size } kosong
server-load = Beban dalam 1, 5 dan 15 minit
server-load-text = { $load } ({ $n } pemproses)
server-store = Saiz storan
server-store-lag = Kerja latar
server-store-lag-none = Tiada yang menunggu.
server-store-lag-text = Yang terlama menunggu selama { $lag }.
server-backup-bytes = Saiz: { $size }.
server-backup-lag = Ketinggalan { $lag }.

## Hosts: machines that use one store

server-machines = Mesin-mesin
server-machines-one = Semuanya berjalan pada mesin ini, dengan storan dalam SQLite. Beberapa mesin memerlukan PostgreSQL.
server-machines-text = Mesin-mesin ini menggunakan satu pangkalan data. Satu daripadanya mengetuai: ia membuat sandaran dan melakukan apa yang mesti berlaku sekali sahaja.
server-machines-no-standby = Jawapan yang telah disahkan boleh hilang bersama pelayan utama PostgreSQL: synchronous_standby_names kosong, jadi tiada pelayan siap sedia yang perlu menyimpannya dahulu.
server-machine-serves = Sedang melayan
server-machine-silent = Tidak kelihatan kebelakangan ini
server-machine-leads = Mengetuai
server-machine-version = Versi
server-machine-seen = Kali terakhir kelihatan
server-machine-ago = { $span } lalu
server-machine-files = Fail
server-machine-id = Id:
server-clock-right = Jam betul
server-clock-differs = Jam berbeza
server-clock-wrong = Jam salah
server-clock-by = Berbanding jam pangkalan data: { $seconds } s. Jika lebih daripada 10 s, mesin tidak membuat kerja latar dan tidak sedia. Tetapkan jam semua mesin melalui NTP.

## Hosts: mails about alerts

mail-alert-begun-subject = { $title } – { $site }
mail-alert-begun-text =
    Salam { $name },

    { $site } memerlukan perhatian anda.

    { $title }
    { $what }

    Sejak: { $time }

    Masalah sekarang disenaraikan di sini:
    { $address }

    Anda akan menerima satu e-mel lagi apabila ini selesai.
mail-alert-ended-subject = Selesai: { $title } – { $site }
mail-alert-ended-text =
    Salam { $name },

    Ini sudah selesai di { $site }:
    { $title }

    Masa: { $time }

    { $address }

## Hosts: what the installation's log says

event-service-ordered = Memulakan, mengganti, memulakan semula, menghentikan atau mengubah bilangan salinan sesuatu perkhidmatan
event-mail-key-made = Membuat kunci yang menandatangani e-mel
event-secret-replaced = Fail kunci diganti; semua sesi tamat
