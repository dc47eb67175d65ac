### Senarai tetamu masuk dan keluar: semuanya untuk tuan rumah.

## Imports

host-import-text = Daripada hamparan atau program lain. Anda lihat dahulu apa yang akan berlaku, dan boleh membatalkan import itu selama 7 hari.
host-import-file = Fail
host-import-file-hint = CSV, XLSX, atau JSON dari sini; hingga 10 MB dan 10,000 baris. Baris pertama ialah tajuk.
host-import-next = Seterusnya
host-import-earlier = Senarai terdahulu
host-import-columns = Apakah isi setiap lajur?
host-import-columns-text = Kami meneka daripada tajuk. Betulkan yang salah; lajur yang dibiarkan tidak mengubah apa-apa.
host-import-columns-again = Ubah lajur
host-import-column = Lajur { $n }
host-import-skip = Biarkan
host-import-look = Lihat apa yang akan berlaku
host-import-check = Apa yang akan berlaku
host-import-check-text = Belum ada apa-apa yang diubah.
host-import-would = Jika anda mengimport senarai ini sekarang
host-import-made = Keluarga baharu
host-import-changed = Keluarga diubah
host-import-same = Keluarga yang kekal
host-import-faulty = Keluarga dengan ralat
host-import-errors = Keluarga dengan ralat
host-import-leave-out = Tinggalkan
host-import-stop = Jangan import apa-apa selagi ada ralat
host-import-replace = Jawapan dalam senarai menggantikan yang ada di sini. Jika tidak, jawapan yang ada kekal.
host-import-keep-codes = Kekalkan kod yang mudah diteka
host-import-apply = Import senarai
host-import-check-again = Lihat semula
host-import-findings = Untuk disemak
host-import-row = Baris
host-import-what = Apa
host-import-stands = Yang tertulis dalam senarai
host-import-error = Ralat
host-import-note = Nota
host-import-more = { $n } lagi tidak ditunjukkan.
host-import-progress = Keluarga: { $done } daripada { $total }
host-import-left = Dibiarkan seperti asal
host-import-refused = Ada sesuatu yang tidak sah pada keluarga ini.
host-import-kept = Ada orang yang telah mengubah, menghantar atau membukanya, jadi ia kekal.
host-import-undo-title = Batalkan import
host-import-undo-text = Membuang keluarga yang dibuat oleh senarai ini dan belum diubah, dihantar atau dibuka oleh sesiapa. Perubahan pada yang lain kekal. Boleh dilakukan hingga { $until }.
host-import-undo = Batalkan import
host-import-state-draft = Belum diimport
host-import-state-running = Sedang diimport
host-import-state-stopped = Tidak diimport: ada ralat
host-import-state-undoing = Sedang dibatalkan
host-import-state-undone = Dibatalkan
host-import-no-email = Tiada e-mel: keluarga ini tidak menerima e-mel.
host-import-doubtful-duplicate = Keluarga dengan nama ini sudah ada, dengan e-mel lain. Yang ini ditambah sebagai keluarga berasingan.
host-import-unknown-language = Majlis ini tidak menggunakan bahasa ini; bahasa utamanya digunakan.
host-import-unknown-diet = Tiada dalam keperluan makanan anda; disimpan sebagai nota.
host-import-unknown-answer = Tidak dikenali sebagai jawapan; ditinggalkan.
host-import-left-out = Tiada tempat untuknya: baris atau lajur lain bagi keluarga ini menyatakan perkara lain, atau baris ini tidak menamakan sesiapa. Ditinggalkan.
host-import-first-guest = Baris ini menamakan beberapa orang; diberikan kepada yang pertama.
host-import-not-invited = Tidak dijemput ke acara ini; jawapan ditinggalkan.
host-import-reference = Rujukan
host-import-events = Dijemput ke
host-import-names = Nama semua tetamu
host-import-first-name = Nama pertama
host-import-last-name = Nama keluarga
host-import-partner = Pasangan
host-import-partner-first = Pasangan, nama pertama
host-import-partner-last = Pasangan, nama keluarga
host-import-guest-email = E-mel tetamu sendiri
host-import-guest-phone = Telefon tetamu sendiri
host-import-guest-events = Tetamu dijemput ke
host-import-reply = Jawapan: { $key }
host-import-question = Soalan: { $key }

## The page of reports

host-people = Orang
host-download = Muat turun
host-kitchen-text = Orang yang hadir atau belum pasti. Keperluan makanan dipadam 30 hari selepas majlis.
host-kitchen-people = Siapa perlukan apa
host-exports = Senarai sebagai fail
host-exports-text = Dibuat di latar belakang, disimpan 7 hari.
host-exports-masked = Tanpa kod dan maklumat hubungan, mengikut peranan anda.
host-export = Buat fail
host-export-format = Format
host-export-rows = { $count ->
   *[other] { $n } baris
}
host-job-waiting = Sedang dibuat
host-job-ready = Sedia
host-job-failed = Gagal
host-job-expired = Tidak lagi disimpan
host-answers-to = { $n ->
    [0] Belum ada yang menjawab.
   *[other] { $n } jawapan
}
host-answers-sum = Jumlah { $n }
host-answers-text = Daripada mereka yang ditanya dan tidak menolak. Jawapan penuh ada pada jemputan dan dalam fail.

## Columns of files

host-guest-named = Dijemput dengan nama
host-guest-plus-one = Dibawa bersama
host-export-sheet-guests = Tetamu
host-export-sheet-households = Keluarga
host-export-sheet-replies = Jawapan
host-export-sheet-diets = Makanan, berapa orang
host-export-sheet-diets-people = Makanan, siapa
host-export-sheet-questions = Soalan
host-export-household = Keluarga
host-export-guest = Tetamu
host-export-code = Kod
host-export-email = E-mel
host-export-phone = Telefon
host-export-address = Alamat pos
host-export-language = Bahasa
host-export-tags = Tag
host-export-access = Jawapan
host-export-yes = Hadir
host-export-no = Tidak hadir
host-export-undecided = Belum pasti
host-export-pending = Jawapan belum lengkap
host-export-response = Status jawapan
host-export-deadline = Tarikh akhir sendiri
host-export-sent = Dihantar
host-export-opened = Kali terakhir dibuka
host-export-answered = Dijawab
host-export-note = Pesanan daripada keluarga
host-export-host-message = Mesej kepada keluarga
host-export-host-note = Nota antara tuan rumah
host-export-child = Kanak-kanak
host-export-age = Umur
host-export-diet-note = Makanan, dalam kata sendiri
host-export-event = Acara
host-export-answer = Jawapan
host-export-source = Cara
host-export-question = Soalan
host-export-diet = Keperluan makanan
host-export-allergy = Alahan
host-export-people = Orang
host-export-meal = Hidangan
host-export-sheet-meals = Hidangan, berapa
host-export-sheet-gifts = Hadiah
host-export-sheet-received = Hadiah diterima
host-export-pieces = Bilangan
host-export-gift-state = Keadaan
host-upload-name = Nama fail
host-upload-caption = Apa yang ditunjukkan
host-upload-bytes = Bait
host-upload-file = Fail dalam storan
host-upload-day = Dihantar pada
host-export-sheet-uploads = Gambar
