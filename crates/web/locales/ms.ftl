# The frame around every page.
shell-skip = Langkau ke kandungan
shell-language = Bahasa
shell-navigation = Bahagian
shell-menu = Menu
shell-see-site = Lihat laman awam
shell-notices = Makluman
shell-copy = Salin
shell-copied = Disalin
shell-print = Cetak
shell-own-home = Pergi ke halaman utama anda
shell-tabs = Bahagian utama
shell-more = Lagi
shell-account = Akaun
shell-pages = Halaman bahagian ini
shell-sign-in = Log masuk
shell-sign-out = Log keluar
shell-home = Ke halaman utama
shell-first = Utama
shell-more-here = Lagi di sini
host-home = Utama
host-yours = Anda
host-site = Laman ini
host-server = Pelayan
host-server-overview = Ringkasan
host-server-mail = E-mel
host-server-machines = Mesin
shell-kept = Inilah yang anda taip. Belum ada yang disimpan:
shell-send-again = Hantar sekali lagi
shell-typed = Inilah yang anda taip:
shell-again-by-hand = Kata laluan, kod dan fail tidak disimpan. Sila kembali dan isi borang itu semula.
shell-request = Permintaan { $id }

# How public pages are dressed.
host-look-songket = Songket
host-look-vermilion = Vermilion
host-look-tiles = Tiles
host-look-garden = Garden
host-look-lamplight = Lamplight
host-look-marigold = Marigold
host-look-letterpress = Letterpress
host-look-deco = Deco
host-look-shore = Shore
host-look-margin = Margin
host-look-ketupat = Ketupat
host-look-bunting = Bunting
host-look-cradle = Cradle
host-look-letterhead = Letterhead
host-look-still = Still
host-look-plain = Ringkas
host-ground-maroon = Merah manggis
host-ground-zamrud = Zamrud
host-ground-nila = Nila
host-ground-terung = Terung
host-ground-arang = Arang
host-ground-cinnabar = Merah cinabar
host-ground-peony = Peoni
host-ground-jade = Jed
host-ground-ink = Dakwat
host-ground-turquoise = Firus
host-ground-cobalt = Kobalt
host-ground-rose = Ros
host-ground-sage = Hijau sej
host-ground-lavender = Lavender
host-ground-terracotta = Terakota
host-ground-midnight = Tengah malam
host-ground-plum = Plum
host-ground-forest = Hutan
host-ground-haldi = Haldi, kunyit
host-ground-gulabi = Gulabi, merah jambu
host-ground-mor = Mor, merak
host-ground-kumkum = Kumkum, merah
host-ground-emerald = Hijau zamrud
host-ground-onyx = Oniks
host-ground-navy = Biru laut
host-ground-blush = Merah jambu pucat
host-ground-lagoon = Lagun
host-ground-dusk = Senja
host-ground-sand = Pasir
host-ground-red = Merah
host-ground-blue = Biru
host-ground-moss = Lumut
host-ground-black = Hitam
host-ground-leaf = Daun
host-ground-teal = Hijau kebiruan
host-ground-sky = Langit
host-ground-lemon = Lemon
host-ground-mint = Pudina
host-ground-blossom = Bunga
host-ground-cloud = Awan
host-ground-vanilla = Vanila
host-ground-graphite = Grafit
host-ground-pine = Pain
host-ground-wine = Wain
host-ground-stone = Batu
host-ground-mist = Kabus

# Days that come again, and how they are counted.
host-repeat-none = tidak
host-repeat-weekly = setiap minggu
host-repeat-monthly = setiap bulan
host-repeat-yearly = setiap tahun
host-feb28 = 28 Februari
host-mar1 = 1 Mac
host-days-elapsed = 24 jam
host-days-calendar = dari tengah malam ke tengah malam

# Forms.
form-zone = Mengikut jam di { $zone }.
form-problem = Ada masalah
form-clash = Ada orang mengubahnya semasa anda di sini. Perubahan anda belum disimpan: yang telah disimpan tertera di bawah setiap medan. Tekan “{ $button }” sekali lagi untuk mengekalkan yang anda taip.
form-clash-first = Ke perbezaan pertama
form-count-anew = Kira semula
form-clash-stored = Telah disimpan: { $value }
value-nothing = tiada
value-yes = Ya
value-no = Tidak

# Numbers, dates and hours.
number-thousands = ,
number-decimal = .
weekday-1 = Isnin
    .short = Isn
weekday-2 = Selasa
    .short = Sel
weekday-3 = Rabu
    .short = Rab
weekday-4 = Khamis
    .short = Kha
weekday-5 = Jumaat
    .short = Jum
weekday-6 = Sabtu
    .short = Sab
weekday-7 = Ahad
    .short = Ahd
month-1 = Januari
    .short = Jan
month-2 = Februari
    .short = Feb
month-3 = Mac
    .short = Mac
month-4 = April
    .short = Apr
month-5 = Mei
    .short = Mei
month-6 = Jun
    .short = Jun
month-7 = Julai
    .short = Jul
month-8 = Ogos
    .short = Ogo
month-9 = September
    .short = Sep
month-10 = Oktober
    .short = Okt
month-11 = November
    .short = Nov
month-12 = Disember
    .short = Dis
date-full = { $weekday }, { $day } { $month } { $year }
date-short = { $weekday-short }, { $day } { $month-short } { $year }
date-brief = { $weekday-short }, { $day } { $month-short }
date-plain = { $day } { $month } { $year }
date-day-month = { $day } { $month }
date-weekday-day = { $weekday }, { $day } { $month }
date-weekday = { $weekday }
date-weekday-short = { $weekday-short }
date-month = { $month } { $year }
date-month-short = { $month-short }
duration-minutes = { $count } minit
duration-hours = { $count } jam
duration-days = { $count } hari
host-unit = Unit
host-unit-minutes = minit
host-unit-hours = jam
host-unit-days = hari
date-moment = { $date }, { $time }
# A line above all times of a page.
date-today = hari ini, { $when }
date-tomorrow = esok, { $when }
time-in-zone = { $time }, { $zone }
time-at-place = { $time } ({ $place })
zone-line = Semua masa mengikut { $zone }.
time-period = { $hour ->
    [0] tengah malam
    [12] tengah hari
    [13] tengah hari
    [14] petang
    [15] petang
    [16] petang
    [17] petang
    [18] petang
    [19] malam
    [20] malam
    [21] malam
    [22] malam
    [23] malam
   *[other] pagi
}
time-clock = { $minutes ->
    [full] { $hour } { $period }
   *[shown] { $hour }:{ $minute } { $period }
}
time-plain = { $minutes ->
    [full] { $hour }
   *[shown] { $hour }:{ $minute }
}
time-noon = 12 tengah hari
time-midnight = 12 tengah malam
time-range = { $from }–{ $to }
time-range-wide = { $from } – { $to }

# The page that explains every code.
problems-title = Masalah yang mungkin timbul
problems-introduction = Setiap permintaan yang ditolak disertai salah satu kod ini. Kod tidak berubah; ayatnya mungkin berubah.
problems-fields = Kod bagi setiap medan

# What is wrong with a request as such.
problem-body-invalid = Permintaan ini tidak dapat dibaca. Sila kembali dan cuba lagi.
    .title = Tidak dapat dibaca
problem-request-invalid = Alamat atau permintaan ini tidak dapat dibaca.
    .title = Tidak dapat dibaca
problem-cursor-invalid = Penunjuk senarai ini bukan daripada kami. Sila mulakan senarai semula.
    .title = Penunjuk tidak dikenali
problem-idempotency-key-invalid = Kunci idempotensi mestilah 1 hingga 128 aksara ASCII yang kelihatan.
    .title = Kunci tidak boleh digunakan
problem-not-found = Tiada apa-apa di sini, atau anda tidak dibenarkan melihatnya.
    .title = Halaman ini tiada di sini.
problem-method-not-allowed = Alamat ini tidak menerima permintaan seperti itu.
    .title = Cara ini tidak diterima
problem-body-too-large = Ini melebihi had yang dapat kami terima sekali gus. Sila hantar dalam jumlah yang lebih kecil.
    .title = Terlalu banyak sekali gus
problem-unsupported-media-type = Alamat ini menerima jenis kandungan yang lain.
    .title = Jenis kandungan lain
problem-headers-too-large = Pelayar atau program menghantar pengepala yang melebihi had kami. Memadam kuki laman ini mungkin membantu.
    .title = Pengepala terlalu besar
problem-validation-failed = Sebahagian tidak dapat disimpan seperti ini. Sebabnya dinyatakan pada setiap medan.
    .title = Ada masalah
problem-csrf-failed = Halaman ini terlalu lama dibuka. Sila kembali, muat semula, dan cuba lagi.
    .title = Sila muat semula halaman

# Versions and repeats.
problem-version-required = Nyatakan versi yang anda ubah, dengan If-Match atau “version”.
    .title = Versi belum dinyatakan
problem-version-conflict = Kandungan ini telah diubah semasa anda di sini. Pilih yang hendak disimpan.
    .title = Sudah diubah
problem-idempotency-key-reused = Kunci idempotensi ini telah digunakan untuk permintaan lain.
    .title = Kunci sudah digunakan
problem-idempotency-in-progress = Permintaan yang sama masih diproses. Sila cuba lagi sebentar nanti.
    .title = Masih diproses

# Limits, and our own trouble.
problem-rate-limited = Terlalu banyak permintaan. { $minutes ->
    [none] Sila cuba lagi kemudian.
   *[other] Sila cuba lagi dalam { $minutes } minit.
}
    .title = Sila tunggu sebentar
problem-too-many-attempts = Terlalu banyak percubaan. { $minutes ->
    [none] Sila cuba lagi nanti.
   *[other] Sila cuba lagi dalam { $minutes } minit.
}
    .title = Terlalu banyak percubaan
problem-store-busy = Belum ada yang disimpan. Sila cuba lagi sebentar nanti.
    .title = Belum ada yang disimpan
problem-saving-paused = Belum ada yang disimpan. Tapak ini tidak dapat mencapai tempat yang menyimpan salinan keduanya, dan tidak menyimpan apa-apa sehingga tempat itu dapat dicapai. Sila cuba lagi dalam beberapa minit.
    .title = Belum ada yang disimpan
problem-outcome-unknown = Kami tidak tahu sama ada ini telah disimpan. Sila semak dahulu sebelum menghantarnya semula.
    .title = Tidak pasti sama ada telah disimpan
problem-busy = Kami sedang sibuk buat masa ini. Sila cuba lagi sebentar nanti.
    .title = Mohon tunggu sebentar
problem-internal = Ini kesilapan kami. Apa yang anda buat tidak hilang; sila cuba lagi.
    .title = Ada masalah di pihak kami

# Hosts.
problem-slug-taken = Alamat ini sudah digunakan. Sila pilih yang lain.
    .title = Alamat sudah digunakan
problem-limit-reached = { $limit ->
    [none] Tidak boleh ditambah lagi.
   *[other] Paling banyak { $limit }.
}
    .title = Had dicapai
problem-wrong-state = Ini tidak dapat dibuat dalam keadaan sekarang.
    .title = Bukan sekarang

# Who is asking.
problem-unauthenticated = Sila log masuk dahulu.
    .title = Sila log masuk

# Single fields.
field-required = Sila isi.
field-too-short = { $min ->
    [none] Ini terlalu pendek.
   *[other] Sekurang-kurangnya { $min } aksara.
}
field-too-long = { $max ->
    [none] Ini terlalu panjang.
   *[other] Paling banyak { $max } aksara.
}
field-too-few = { $min ->
    [none] Beri sekurang-kurangnya 2.
   *[other] Beri sekurang-kurangnya { $min }.
}
field-too-many = { $max ->
    [none] Bilangannya terlalu banyak.
   *[other] Paling banyak { $max }.
}
field-out-of-range = { $min ->
    [none] Nilai ini terlalu kecil atau terlalu besar.
   *[other] Antara { $min } dan { $max }.
}
field-too-low = { $min ->
    [none] Nilai ini terlalu kecil.
   *[other] Sekurang-kurangnya { $min }.
}
field-too-high = { $max ->
    [none] Nilai ini terlalu besar.
   *[other] Paling banyak { $max }.
}
field-unknown-option = Sila pilih salah satu daripada yang disenaraikan.
field-unknown-field = Medan itu tidak wujud.
field-wrong-type = Jenis nilai lain diperlukan di sini.
field-not-allowed = Ini tidak boleh dipilih di sini.
field-not-unique = Ini muncul dua kali.
field-invalid = Ini tidak sah.
field-amount-invalid = { $example ->
    [none] Tulis jumlah seperti 180.00.
   *[other] Tulis jumlah seperti { $example }.
}
field-percentage-invalid = Tulis peratusan seperti 19 atau 19.5.
field-duration-invalid = Tulis nombor bulat.
field-currency-changed = { $currency ->
    [none] Mata wang telah diubah sementara itu. Buka halaman ini semula dan taip jumlahnya sekali lagi.
   *[other] Mata wang kini { $currency }. Buka halaman ini semula dan taip jumlahnya sekali lagi.
}
field-email-invalid = Ini nampaknya bukan alamat e-mel.
field-url-invalid = Ini nampaknya bukan alamat yang bermula dengan https://.
field-date-invalid = Hari ini tidak wujud. Tulis tahun, bulan dan hari: 2027-03-01. Masa ditulis selepasnya: 2027-03-01T18:30.
field-time-invalid = Tulis setiap masa sebagai jam dan minit, dari 00:00 hingga 23:59: 18:30.
field-time-zone-unknown = Zon waktu ini tidak kami kenali.
field-time-zone-several = Beberapa zon waktu dipanggil begitu. Tulis salah satu daripada ini: { $names }.
field-language-unknown = Ini bukan tag bahasa.
field-ends-before-start = Waktu tamat lebih awal daripada waktu mula.
field-password-short = { $min ->
    [none] Kata laluan ini terlalu pendek.
   *[other] Sekurang-kurangnya { $min } aksara.
}
field-password-long = { $max ->
    [none] Kata laluan ini terlalu panjang.
   *[other] Paling banyak { $max } aksara.
}
field-password-common = Kata laluan ini antara yang paling awal akan dicuba orang.
field-display-name-address = Nama tidak boleh berupa alamat web. Buang alamat itu, atau tulis ruang selepas setiap titik.
field-display-name-length = { $min ->
    [none] Nama ini terlalu pendek atau terlalu panjang.
   *[other] Antara { $min } dan { $max } aksara.
}
field-image-invalid = Ini bukan gambar JPEG, PNG atau WebP, atau terlalu besar.
field-image-heic = HEIC daripada iPhone: hantar terus dari telefon itu, atau simpan sebagai JPEG.
field-not-an-image = Ini bukan gambar.
field-picture-undescribed = Ada gambar tanpa keterangan. Nyatakan antara [ dan ] dalam beberapa perkataan apa yang ditunjukkannya.
field-slug-invalid = Huruf kecil, angka dan tanda sempang sahaja.
field-slug-reserved = Perkataan ini dikhaskan untuk perkara lain.
field-confirmation-wrong = Ini tidak sama dengan yang perlu ditaip.

# Peti mel terbina dalam, untuk mereka yang mencuba laman ini.
mailbox-title = Peti mel
mailbox-all = Semua e-mel
mailbox-introduction = Laman ini tidak menghantar e-mel. Inilah e-mel yang sepatutnya dihantar.
mailbox-search = Cari
mailbox-empty = Tiada e-mel di sini.
mailbox-to = Kepada
mailbox-from = daripada
mailbox-reply-to = balas kepada
mailbox-text = Sebagai teks
mailbox-page = Sebagai halaman

share-title = Kongsi
share-link = Pautan
share-copy = Salin
share-copy-link = Salin pautan
share-copied = Sudah disalin
share-share = Kongsi
share-email = E-mel
share-more = Kod QR, lencana dan bingkai
share-qr = Kod QR
share-badge = Lencana untuk laman anda
share-embed = Bingkai untuk laman anda

address-private = Alamat laman ini ialah { $address }. Tiada sesiapa di luar komputer ini atau rangkaiannya boleh membuka pautan dan kod QR dengan alamat ini. Pengendali laman menetapkan alamat awamnya sebagai site.url.
address-private-short = Pautan hanya berfungsi pada komputer ini atau rangkaiannya.
mail-stays = Laman ini tiada pelayan mel. Apa yang dihantar kekal dalam peti melnya sendiri dan tidak sampai kepada sesiapa. Pengendali laman boleh menyediakan pelayan mel.
mail-stays-short = E-mel tidak aktif: laman ini tiada pelayan mel.
cache-note = Cache di hadapan laman mungkin masih memaparkannya selama 90 saat.

# Lists that show only their beginning.
list-newest = Hanya yang terbaharu dipaparkan.
list-others-follow = Yang lain menyusul setelah semua ini dijawab.
