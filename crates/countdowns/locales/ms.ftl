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
countdown-not-started = Belum bermula: set semula untuk kali pertama.
countdown-only-you = Hanya anda yang nampak halaman ini sekarang.
countdown-longest = Paling lama sebelum ini
countdown-average = Purata sebelum ini
countdown-resets = Set semula
countdown-entries = Set semula
countdown-directory = Kiraan hari
countdown-now = Sedang dikira
countdown-directory-empty = Belum ada kiraan hari yang ditunjukkan di sini.
countdown-search = Tajuk atau nama
countdown-find = Cari
countdown-page-before = Halaman sebelumnya
countdown-page-next = Halaman seterusnya

# Its form.
countdown-title = Tajuk
countdown-kind = Ia mengira
countdown-kind-since = ke atas, sejak kali terakhir diset semula
countdown-kind-until = ke bawah, hingga satu hari
countdown-follows = Ikut satu tarikh
countdown-follows-hint = Hari, masa dan zon waktu ialah yang ada pada tarikh itu, dan berubah bersamanya.
countdown-follows-none = tiada
countdown-follows-other = tarikh yang diikuti sekarang
countdown-target = Hari
countdown-target-hint = 2027-01-16, atau dengan masa: 2027-01-16T18:00.
countdown-repeat = Berulang
countdown-after = Apabila harinya tiba
countdown-after-count-up = kira hari sejak itu
countdown-after-freeze = berhenti
countdown-after-hide = sembunyikan
countdown-leap-day = 29 Februari, pada tahun lain
countdown-time-zone = Zon waktu
countdown-days = Sehari ialah
countdown-slug = Bahagian akhir alamat
countdown-slug-hint = Huruf kecil, angka dan tanda sempang. Jika kosong: daripada tajuk.
countdown-visibility = Siapa yang nampak
countdown-private = pemiliknya sahaja
countdown-trusted = pemiliknya, dan kenalan dipercayai anda
countdown-unlisted = sesiapa yang ada pautan peribadinya
countdown-public = semua orang
countdown-listed = Dalam direktori laman ini
countdown-show-notes = Tunjukkan catatan
countdown-show-stats = Tunjukkan berapa lama sebelum ini
countdown-show-phrase = Tunjukkan ungkapan hari ini
countdown-show-phrase-hint = Salah satu ungkapan laman ini; yang anda sembunyikan tidak ditunjukkan.
countdown-is-primary = Kiraan utama
countdown-is-primary-hint = Ia juga beralamat /nama-anda/incident-timer.

# The pages of its owners.
countdown-mine = Kiraan hari
countdown-new = Kiraan baharu
countdown-none = Anda belum ada kiraan hari.
countdown-section-until = Jika mengira ke bawah
countdown-section-seen = Siapa yang nampak, dan di mana
countdown-what = Apa yang dikira
countdown-save = Simpan
countdown-cancel = Batal
countdown-settings = Tetapan
countdown-reset = Set semula
countdown-reset-title = Mula semula
countdown-when = Bila
countdown-when-hint = Dalam zon waktu { $zone }. Jika kosong: sekarang.
countdown-note = Catatan
countdown-entry = Set semula
countdown-page = Halamannya
countdown-seen-by = Dilihat oleh: { $who }
countdown-delete = Padam
countdown-delete-title = Padamkan ini
countdown-delete-effect = Ini tidak boleh dibatalkan.
countdown-delete-type = Taip tajuknya: { $name }
countdown-saved = Disimpan.
countdown-was-reset = Set semula disimpan.
countdown-deleted = Dipadam.

# Its owners.
countdown-owners = Pemilik
countdown-owner-remove = Keluarkan
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
phrase-moderate = Ungkapan dan cadangan semua orang
phrase-suggestions = Cadangan
phrase-no-suggestions = Tiada yang menunggu.
phrase-new = Ungkapan baharu
phrase-decide = Cadangan
phrase-approve = Terima
phrase-reject = Tolak
phrase-reason = Sebab
phrase-reason-hint = Dibaca oleh orang yang mencadangkannya.
phrase-deactivate = Tarik keluar
phrase-activate = Kembalikan
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
countdown-join-as-owner = pemilik: anda menjaga kiraan hari ini bersama-sama
countdown-scope-read = melihat kiraan hari anda
countdown-scope-write = membuat, mengubah dan mengeset semula kiraan hari anda

# What is refused.
problem-wrong-kind = Hanya kiraan ke atas boleh diset semula.
    .title = Bukan jenis ini
problem-entry-exists = Sudah ada set semula pada saat ini.
    .title = Diset dua kali
problem-named-after = Kiraan ini ditemui di bawah nama orang ini. Padamkannya sahaja.
    .title = Di bawah nama ini
problem-reset-in-future = Masa ini belum tiba.
    .title = Masa hadapan
problem-reset-too-old = Tiada apa sebelum 1900 dikira.
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
countdown-one = Satu kiraan
