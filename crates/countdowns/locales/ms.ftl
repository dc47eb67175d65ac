# What a countdown shows.
countdown-unit = { $n ->
   *[other] hari
}
countdown-years = { $n } tahun
countdown-months = { $n } bulan
countdown-some-days = { $n } hari
countdown-weeks = { $n } minggu
countdown-since = sejak { $when }
countdown-until = hingga { $when }
countdown-on = pada { $when }
countdown-not-started = Belum bermula.
countdown-only-you = Hanya anda yang nampak halaman ini sekarang.
countdown-longest = Tempoh terlama yang sudah tamat
countdown-average = Purata tempoh yang sudah tamat
countdown-resets = Set semula
countdown-by = Dikira oleh
countdown-record = Paling lama setakat ini
countdown-to-calendar = Masukkan ke kalendar
countdown-phrase = Ungkapan hari ini
countdown-year = Setahun yang lalu
countdown-year-key = Dari { $from } hingga hari ini. Satu petak mewakili seminggu; petak kosong bertitik menandakan set semula.
countdown-year-label = { $n ->
    [0] Tiada set semula dalam 52 minggu yang lalu.
   *[other] { $n } daripada 52 minggu yang lalu ada set semula.
}
countdown-figures = Angka
countdown-runs = Semua tempoh
countdown-run-now = Sekarang, sejak { $from }
countdown-run = { $from } – { $to }
countdown-runs-earlier = { $n } tempoh yang lebih awal tidak disenaraikan.
countdown-directory = Kiraan hari
countdown-now = Sedang dikira
countdown-directory-about = Kiraan hari yang ditunjukkan kepada semua orang di { $site }.
countdown-directory-empty = Belum ada kiraan hari yang ditunjukkan di sini.
countdown-search = Tajuk atau nama
countdown-find = Cari
countdown-page-before = Halaman sebelumnya
countdown-page-next = Halaman seterusnya

# Its form.
countdown-title = Tajuk
countdown-kind = Apa yang anda kira?
countdown-kind-since = Hari sejak
countdown-kind-until = Hari menjelang
countdown-kind-since-hint = Mengira ke atas, dan bermula semula apabila anda set semula: bebas rokok, tanpa insiden, kali terakhir disiram.
countdown-kind-until-hint = Mengira ke bawah hingga satu hari: pindah rumah, hari jadi, peperiksaan.
countdown-presets = Mulakan dengan:
countdown-preset-new-year = Tahun baharu
countdown-preset-new-year-title = Tahun baharu
countdown-preset-birthday = Hari jadi
countdown-preset-birthday-title = Hari jadi
countdown-preset-without = Hari tanpa …
countdown-preset-without-title = Hari tanpa
countdown-title-hint = Dibaca di bawah angka, contohnya: sejak kali terakhir saya membeli pokok.
countdown-counting-since = Dikira sejak
countdown-counting-until = Dikira hingga
countdown-time = Masa
countdown-time-optional = Masa, jika ada
countdown-since-hint = Sekarang, di { $zone }. Pilih hari yang lebih awal jika ia bermula sebelum ini.
countdown-until-hint = Di { $zone }. Tanpa masa, kiraannya hingga permulaan hari itu.
countdown-public-listed = Semua orang, dan di halaman saya
countdown-private-hint = Dan mereka yang menjaganya bersama anda.
countdown-trusted-hint = Kenalan dipercayai anda, apabila log masuk.
countdown-unlisted-hint = Pautannya tidak dapat diteka.
countdown-public-hint = Enjin carian boleh menemuinya.
countdown-shows-phrase = ungkapan
countdown-shows-notes = catatan
countdown-shows-stats = tempoh sebelum ini
countdown-fold-again = Berulang
countdown-fold-look = Yang ditunjukkan
countdown-fold-zone = Zon waktu
countdown-fold-address = Alamat web
countdown-days-usual = seperti biasa bagi yang dikira
countdown-slug-made = daripada tajuk
countdown-start = Mula mengira
countdown-begun = Ia sedang mengira.
countdown-seen-private = Pemiliknya sahaja yang nampak.
countdown-seen-trusted = Orang yang anda percayai boleh melihatnya.
countdown-seen-unlisted = Sesiapa yang ada pautannya boleh melihatnya.
countdown-seen-public = Semua orang boleh melihatnya.
countdown-reset-now = Set semula sekarang
countdown-reset-then = Ia berlaku pada masa lain
countdown-first-run = Tempoh pertama baru bermula. Set semula dan catatannya akan disenaraikan di sini.
countdown-follows = Ikut satu tarikh
countdown-follows-hint = Hari, masa dan zon waktunya mengikut tarikh itu, dan berubah bersamanya.
countdown-follows-none = tiada
countdown-follows-other = tarikh yang diikuti sekarang
countdown-target = Hari
countdown-repeat = Berulang
countdown-after = Apabila harinya tiba
countdown-after-count-up = kira hari sejak itu
countdown-after-freeze = berhenti
countdown-after-hide = sembunyikan
countdown-leap-day = 29 Februari, pada tahun lain
countdown-time-zone = Zon waktu
countdown-days = Sehari ialah
countdown-slug = Bahagian akhir alamat web
countdown-slug-hint = Huruf kecil, angka dan tanda sempang. Jika kosong: daripada tajuk.
countdown-visibility = Siapa yang nampak
countdown-private = Saya sahaja
countdown-trusted = Orang yang saya percayai
countdown-unlisted = Sesiapa yang ada pautannya
countdown-public = Semua orang
countdown-listed = Di halaman saya, dan dalam senarai laman ini
countdown-show-notes = Tunjukkan catatan set semula
countdown-show-stats = Tunjukkan tempoh sebelum ini dan angkanya
countdown-show-phrase = Tunjukkan ungkapan hari ini
countdown-show-phrase-hint = Salah satu ungkapan laman ini; yang anda sembunyikan tidak ditunjukkan.
countdown-is-primary = Kiraan hari utama
countdown-is-primary-hint = Ia juga beralamat /nama-anda/incident-timer.

# The pages of its owners.
countdown-mine = Kiraan hari
countdown-own = Kira detik anda
countdown-yours = Kiraan hari anda
countdown-begin = Kiraan hari
countdown-begin-text = Hari sejak, atau hari menjelang
countdown-new = Kiraan hari baharu
countdown-none = Anda belum ada kiraan hari.
countdown-what = Apa yang dikira
countdown-save = Simpan
countdown-cancel = Batal
countdown-settings = Tetapan
countdown-when = Bila
countdown-when-hint = Dalam zon waktu { $zone }. Jika kosong: sekarang.
countdown-note = Catatan, jika mahu
countdown-entry = Set semula
countdown-page = Lihat halaman
countdown-delete = Padam
countdown-delete-title = Padam ini
countdown-delete-effect = Ini tidak boleh dibatalkan.
countdown-delete-type = Taip tajuknya: { $name }
countdown-saved = Disimpan.
countdown-was-reset = Set semula disimpan.
countdown-deleted = Dipadam.

# Its owners.
countdown-owners = Pemilik
countdown-owner-remove = Keluarkan…
countdown-owner-question = Keluarkan { $called } daripada pemilik?
countdown-owner-question-facts = Orang ini tidak lagi boleh mengubah atau menetapkan semula kiraan ini.
countdown-owner-question-undo = Anda boleh menjemputnya semula.
countdown-owner-question-do = Keluarkan
countdown-owner-question-confirm = Sahkan dan keluarkan
countdown-invite = Jaga bersama
countdown-invite-text = Orang pertama yang menyertai dengan pautan itu, dalam 7 hari, menjadi pemilik juga. Pemilik nampak dan boleh mengubah semuanya di sini.
countdown-invite-make = Buat pautan
countdown-invite-made = Hantar pautan ini kepada orang yang anda maksudkan. Ia ditunjukkan sekali ini sahaja, dan boleh digunakan sekali.
countdown-invites-open = Pautan yang belum digunakan
countdown-invite-until = hingga { $when }
countdown-invite-withdraw = Tarik balik

# Phrases.
phrase-all = Ungkapan
phrase-none = Belum ada ungkapan.
phrase-more = Lagi
phrase-words = Ungkapan
phrase-words-hint = 5 hingga 200 aksara, sekurang-kurangnya dua perkataan.
phrase-suggest-title = Cadangkan ungkapan
phrase-suggest = Cadangkan
phrase-suggested = Terima kasih. Penyemak akan membacanya.
phrase-pending = menunggu
phrase-approved = diterima
phrase-rejected = tidak diterima
phrase-exclude-effect = Program memilih ungkapan untuk halaman anda. Yang anda sembunyikan tidak dipilih.
phrase-exclude = Sembunyikan
phrase-include = Tunjukkan semula
phrase-hide-here = Sembunyikan ungkapan ini
phrase-moderate = Urus ungkapan
phrase-suggestions = Cadangan
phrase-no-suggestions = Tiada yang menunggu.
phrase-new = Ungkapan baharu
phrase-decide = Cadangan
phrase-approve = Terima
phrase-reject = Tolak
phrase-reason = Sebab
phrase-reason-hint = Dibaca oleh orang yang mencadangkannya.
phrase-deactivate = Buang
phrase-activate = Pulihkan
phrase-mail-approved-subject = Ungkapan anda diterima – { $site }
phrase-mail-approved-text = Cadangan anda kini salah satu ungkapan { $site }:

    { $phrase }

    { $address }
phrase-mail-rejected-subject = Ungkapan anda tidak diterima – { $site }
phrase-mail-rejected-text = Penyemak { $site } tidak menerima cadangan anda:

    { $phrase }

    { $reason ->
        [none] Tiada sebab diberikan.
       *[other] Sebab: { $reason }
    }

    { $address }
phrase-mail-waiting-subject = Ada cadangan yang menunggu – { $site }
phrase-mail-waiting-text = { $count } cadangan ungkapan menunggu penyemak:

    { $address }

# Webhooks.
countdown-event-reset = set semula
countdown-event-entry-changed = set semula diubah
countdown-event-entry-deleted = set semula dipadam
countdown-event-changed = tetapan diubah
countdown-event-reached = harinya tiba

# Roles and tokens.
countdown-token-one = Satu kiraan hari sahaja
countdown-join-as-owner = pemilik: anda menjaga kiraan ini bersama-sama
countdown-scope-read = melihat kiraan hari anda
countdown-scope-write = membuat, mengubah dan menetapkan semula kiraan hari anda

# What is refused.
problem-wrong-kind = Hanya kiraan hari yang mengira ke atas boleh ditetapkan semula.
    .title = Bukan jenis ini
problem-entry-exists = Sudah ada set semula pada saat ini.
    .title = Ditetapkan semula dua kali
problem-named-after = Kiraan ini ditemui di bawah nama orang ini. Padam kiraan itu sahaja.
    .title = Di bawah nama ini
problem-reset-in-future = Masa ini belum tiba.
    .title = Masa hadapan
problem-reset-too-old = Masa sebelum tahun 1900 tidak dikira.
    .title = Terlalu lama
problem-timestamp-without-offset = Nyatakan beza daripada UTC: 2026-11-23T09:30:00+08:00.
    .title = Tiada beza waktu
problem-target-in-past = Hari ini sudah berlalu. Pilih hari lain, atau biarkan ia terus mengira hari sejak itu.
    .title = Sudah berlalu
problem-target-out-of-range = Pilih hari dari 1900 hingga 9999.
    .title = Di luar julat
problem-listed-requires-public = Hanya yang dilihat semua orang boleh berada dalam direktori.
    .title = Tidak umum
problem-phrase-exists = Ungkapan seperti ini sudah ada.
    .title = Sudah ada
problem-suggestion-pending = Anda sudah mencadangkannya.
    .title = Dicadangkan dua kali
problem-already-moderated = Orang lain sudah memutuskan cadangan ini.
    .title = Sudah diputuskan
problem-words-too-few = Gunakan sekurang-kurangnya dua perkataan.
    .title = Terlalu sedikit

# Apa yang dikongsi dengan orang lain.
countdown-shared-owner = Pemilik lain sebuah kiraan hari

phrase-role-moderator = penyemak cadangan orang ramai
countdown-one = Satu kiraan hari
event-countdown-created = Membuat kiraan hari
event-countdown-changed = Mengubah kiraan hari
event-countdown-deleted = Memadam kiraan hari
event-countdown-reset = Menetapkan semula kiraan hari
event-countdown-entry-changed = Mengubah satu set semula kiraan hari
event-countdown-entry-deleted = Memadam satu set semula kiraan hari
event-phrase-created = Menambah ungkapan
event-phrase-changed = Mengubah ungkapan
event-suggestion-decided = Memutuskan cadangan ungkapan
