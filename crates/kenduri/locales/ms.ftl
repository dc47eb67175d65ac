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
server-own = Pintu depan dan halaman
server-own-text = Inilah Kenduri sendiri: pintu depan dan halaman ini. Ia berhenti apabila kenduri serve berhenti.
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
server-draining = Menyelesaikan permintaan
server-stopping = Sedang berhenti
server-failed = Gagal
server-finished = Tamat
server-stopped = Dihentikan

## Hosts: the front door

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
server-backup-waiting = Petikan pertama sedang dibuat
server-backup-failing = Gagal
server-backup-no-key = Belum bermula
server-backup-no-key-text = Belum ada kunci. Ini membuatnya, dan menunjukkan frasa laluan enam perkataan sekali sahaja:
server-backup-snapshot = Petikan terakhir: { $when }.
server-backup-until = Apa yang ditulis sehingga { $when } ada dalam sandaran.
server-backup-dumped = Stor berada dalam PostgreSQL dan dieksport sekerap yang ditetapkan dalam backup.every. Hanya keadaan pada waktu eksport boleh dipulihkan, bukan mana-mana waktu di antaranya.
server-backup-failure = Kali terakhir gagal pada { $when }:
server-backup-drill-good = Dicuba pada { $when }: ia dipulihkan di tempat lain dan lengkap.
server-backup-drill-skipped = Tidak dicuba pada { $when }: ruang cakera tidak cukup untuk memulihkannya di tempat lain.
server-backup-drill-failed = Dicuba pada { $when }: ia tidak dapat dipulihkan. Jalankan kenduri backup verify untuk mengetahui sebabnya.
server-updates = Berita Kenduri
server-updates-off = Tiada siapa menyemak versi Kenduri yang lebih baharu. Dalam kenduri.toml, updates.advisories menamakan tempat untuk disemak sekali sehari.
server-updates-waiting = Belum ada apa-apa yang diketahui. Semakan seterusnya dibuat dalam masa sehari.
server-updates-found = Kali terakhir disemak pada { $when }.
server-updates-failure = Semakan pada { $when } gagal:
server-updates-none = Tiada versi lebih baharu yang disebut, dan tiada nasihat keselamatan tentang versi ini.
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
server-reload-effect = Salinan { $service } diganti satu demi satu. Yang baharu sedia sebelum yang lama pergi, jadi tiada permintaan yang gagal. Jika ia tidak sedia, yang lama kekal.
server-restart-effect = Semua salinan { $service } ditamatkan, kemudian dimulakan semula. Sementara itu permintaan menunggu sehingga 2 saat; selepas itu permintaan gagal.
server-scale-effect = Salinan { $service } ditambah atau dikurangkan sehingga sebanyak ini menerima permintaan. Yang pergi menyelesaikan kerjanya dahulu. Ini kekal sehingga huraiannya dalam tetapan berubah.
server-stop-effect = Semua salinan { $service } ditamatkan. Permintaan kepadanya gagal sehingga ia dimulakan semula.
server-worker-effect = Pintu depan dan halaman ini diteruskan dalam proses baharu. Ia sedia sebelum yang lama pergi, jadi tiada permintaan yang gagal. Jika ia tidak sedia, yang lama kekal.
server-count = Salinan yang menerima permintaan, 1 hingga 64
server-done-start = { $service } berjalan.
server-done-reload = { $service } telah diganti; permintaan diteruskan.
server-done-restart = { $service } telah dihentikan dan berjalan semula.
server-done-scale = { $service } mempunyai bilangan salinan yang diminta.
server-done-stop = { $service } telah dihentikan.
server-done-late = { $service } masih melakukannya. Halaman ini menunjukkan kemajuannya.
server-done-worker = Proses seterusnya sedang bermula. Jika ia tidak sedia, yang lama diteruskan, dan log menyatakan sebabnya.
server-refused = Ini tidak dilakukan
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

## Hosts: mail, a service that was given up

mail-service-subject = { $service } di { $site } terlalu kerap gagal
mail-service-text =
    Salam { $name },

    { $service } di { $site } gagal terlalu kerap, jadi ia tidak dimulakan lagi. Jika ia mempunyai beberapa salinan, yang lain diteruskan; tanpa satu pun, permintaan kepadanya dijawab dengan ralat.

    Masa: { $time } ({ $zone })
    Sebab: { $reason }

    Kata-kata terakhirnya ada di sini, bersama butang untuk memulakannya semula setelah puncanya dibaiki:
    { $address }
