### Senarai tetamu masuk dan keluar: semuanya untuk tuan rumah.

## Imports

host-import-text = Muat naik senarai tetamu anda. Tiada apa-apa berubah sehingga anda melihat apa yang kami baca.
host-import-file = Letakkan fail di sini, atau pilih satu
host-import-file-hint = Excel, CSV, Numbers sebagai CSV, Google Contacts sebagai CSV, atau kenalan telefon anda (vCard); hingga 10 MB dan 10,000 baris, kenalan bergambar hingga 50 MB. Senarai boleh ada tajuk besar di atas tajuk lajur, beberapa helaian, dan pasangan dalam satu sel. Warna dan garis coretan diabaikan: tetamu yang dicoret tetap dibaca.
host-import-next = Baca senarai
host-import-earlier = Senarai terdahulu
host-import-columns = Apakah isi setiap lajur?
host-import-columns-text = Kami meneka daripada tajuk dan daripada isinya. Betulkan yang salah; yang tiada medannya masuk ke dalam nota, dan lajur yang dibiarkan tidak mengubah apa-apa.
host-import-columns-again = Apakah isi lajur, dan siapa dijemput ke mana
host-import-which-event = Ini tentang acara yang mana? Pilih di sini. Selagi belum dipilih, ia disimpan dalam nota.
host-import-column = Lajur { $n }
host-import-skip = Biarkan
host-import-look = Lihat keluarga
host-import-check-text = Belum ada apa-apa yang diubah.
host-import-made = Keluarga baharu
host-import-changed = Keluarga diubah
host-import-same = Keluarga yang kekal
host-import-faulty = Keluarga dengan ralat
host-import-errors = Keluarga dengan ralat
host-import-leave-out = Tinggalkan
host-import-stop = Jangan import apa-apa selagi ada ralat
host-import-replace = Jawapan dalam senarai menggantikan yang ada di sini. Jika tidak, jawapan yang ada kekal.
host-import-keep-codes = Kekalkan kod yang mudah diteka
host-import-check-again = Lihat semula
host-import-findings = Untuk disemak
host-import-row = Baris
host-import-what = Apa
host-import-stands = Yang tertulis dalam senarai
host-import-error = Ralat
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
host-import-doubtful-duplicate = Keluarga dengan nama atau orang ini sudah ada. Pilih di atas apa yang perlu dibuat dengan yang ini.
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
host-import-invited-if = Dijemput ke { $key }: ya atau tidak
host-import-reply = Jawapan: { $key }
host-import-question = Soalan: { $key }
host-import-line-left-out = Baris ini tidak menamakan sesiapa, jadi ia ditinggalkan.
host-import-section = Dijadikan label untuk baris di bawahnya, bukan tetamu.
host-import-column-left-alone = Lajur ini dibiarkan.
host-import-in-note = Tiada medan untuknya; ia disimpan dalam nota untuk tuan rumah.
host-import-number-unknown = Bilangan orang tidak dinyatakan. Satu tempat lebih daripada biasa dibenarkan; ubah kemudian.
host-import-number-doubtful = Bilangan orang tidak jelas. Semak keluarga ini sekali.
host-import-name-doubtful = Seorang atau beberapa orang? Semak nama-nama keluarga ini sekali.
host-import-no-surname = Nama pertama tiada nama keluarga. Tiada yang ditambah.
host-import-email-mended = Satu alamat e-mel nampaknya tersalah taip, dan telah kami betulkan. Semak sekali.
host-import-email-in-note = Bukan alamat e-mel; ia disimpan dalam nota untuk tuan rumah.
host-import-digits-lost = Hamparan telah memotong nombor ini, jadi ia ditinggalkan. Formatkan lajur itu sebagai teks, taip semula nombornya dan simpan senarai sekali lagi.
host-import-phone-unread = Kami tidak dapat membaca ini sebagai nombor telefon, jadi WhatsApp tidak dapat menggunakannya. Ia disimpan seperti yang ditulis. Tulis dengan kod negara, seperti { $example }. Tanpa kod itu, nombor dibaca sebagai nombor negara dalam “Umum”.
host-import-phone-of-country = Tanpa kod negara; dibaca sebagai nombor negara dalam barisnya.
host-import-phone-abroad = Tanpa kod negara; nampaknya nombor negara lain. Ia disimpan seperti yang ditulis.
host-import-ask-phone = Nombor ini tiada kod negara, dan nampaknya nombor negara lain. Sila semak satu demi satu, dan tulis dengan kodnya. Tanpa kod, ia dibaca sebagai nombor negara di “Umum”. Kosongkan ruang untuk tidak mengambil nombornya.
host-import-reply-stays = Jawapan yang ada di sini kekal, kecuali jika anda benarkan senarai menggantikan jawapan. Senarai menyatakan:
host-import-only-named = Jawapan ya ini untuk mereka yang dinamakan. Mereka yang namanya menyusul belum ada jawapan.
host-import-food-stays = Keperluan makanan yang ada di sini kekal, kecuali jika anda benarkan senarai menggantikan jawapan. Senarai menyatakan:
host-import-whose-diet = Beberapa orang, satu keperluan makanan: nota setiap dewasa menyebut “one of” (salah seorang).
host-import-email-doubtful = Satu alamat e-mel mungkin tersalah taip. Ia disimpan seperti ditulis; semak alamat itu.
host-import-plus-one = Seorang lagi datang tanpa nama. Isi rumah ini mendapat satu tempat lagi untuknya.
host-import-allergy-note = Nota ini menyebut makanan atau alahan, jadi ia juga ada pada keperluan makanan, untuk dapur.
host-import-not-coming = Senarai menyatakan mereka tidak datang. Mereka tetap ditambah.
host-import-left-out-absent = Senarai menyatakan mereka tidak datang, jadi mereka tidak diambil.
host-import-absent-add-all = Tambah mereka juga
host-import-absent-none = Jangan ambil mereka yang tidak datang
host-import-same-name = Baris terdahulu mempunyai nama yang sama. Yang ini keluarga berasingan.
host-import-joined = Baris terdahulu mempunyai nama serta telefon atau e-mel yang sama: satu keluarga.
host-import-same-contact = Keluarga terdahulu mempunyai telefon atau e-mel yang sama. Yang ini keluarga berasingan.
host-import-same-people = Baris yang lebih awal mempunyai orang yang sama, dengan nama lain. Yang ini keluarga tersendiri.
host-import-contact-here = Satu keluarga dalam senarai anda sudah mempunyai nombor telefon atau e-mel ini. Yang ini ditambah di sebelahnya.
host-import-alike = Tiada yang hilang: kedua-duanya ditambah. Jika kedua-duanya satu keluarga, gabungkan di halaman selepas import, atau di halaman keluarga itu, dengan sekali tekan.
host-import-nobody-named = Tiada sesiapa dalam keluarga ini yang dinamakan.
host-import-paste = Atau tampal sel
host-import-paste-hint = Tandakan sel dalam Excel atau Google Sheets, salin, tampal di sini. Atau taip satu keluarga sebaris.
host-import-pasted = Senarai yang ditampal
host-import-list = { $name }: { $count ->
   *[other] { $n } baris
}
host-import-no-names = Tiada lajur yang mengandungi nama. Yang mana satu? Pilih di bawah.
host-import-invite = Jemput mereka ke
host-import-choose-events = Tandakan acara untuk jemputan mereka. Jika tidak, pautan mereka tidak menunjukkan apa-apa acara dan tiada sesiapa dapat menjawab.
host-import-invite-later = Tiada buat masa ini; saya akan pilih kemudian
host-import-invite-said = Satu lajur senarai menyatakan siapa dijemput. Ini untuk keluarga yang selnya kosong.
host-import-no-days = Belum ada acara yang mempunyai tarikh. Semua orang dalam senarai dijemput apabila tarikhnya ditetapkan.
host-import-open-to-all = Terbuka kepada semua: setiap orang dijemput.
host-import-few-seats = { $seats } tempat, dan { $people } orang dalam senarai
host-import-seats = { $count ->
   *[other] { $n } tempat
}
host-import-different = Berbeza untuk { $labels }
host-import-differs = Acara lain untuk mereka
host-import-more-labels = { $count ->
   *[other] Tiada ruang untuk { $n } label lagi. Selepas import, pilih isi rumahnya di “Isi rumah”, dan “Jemput ke satu acara”.
}
host-import-by-name = Orang yang dinamakan
host-import-to-come = Nama menyusul
host-import-households = { $count ->
   *[other] { $n } keluarga
}
host-import-people-count = { $count ->
   *[other] { $n } orang
}
host-import-both = { $households }, { $people }
host-import-needs = { $count ->
   *[other] { $n } perkara perlu anda putuskan
}
host-import-name-row = { $name }, baris { $row }
host-import-kind-email = Alamat e-mel
host-import-kind-phone = Nombor telefon
host-import-kind-number = Bilangan orang
host-import-kind-group = Tiada nama
host-import-kind-here = Mungkin sudah ada
host-import-kind-food = Keperluan makanan beberapa orang
host-import-kind-not-coming = Tidak datang
host-import-errors-which = Keluarga mana, dan sebabnya
host-import-cards = Lihat
host-import-ask-email = Alamat e-mel ini telah kami betulkan, atau tidak sah. Sila semak setiap satu. Kosongkan ruangan jika alamat itu tidak perlu diimport.
host-import-ask-number = Bilangan orang ini tidak dapat dibaca, atau tidak sepadan. Berapa orang semuanya, termasuk kanak-kanak dan mereka yang bernama? Ruangan kosong tidak mengubah apa-apa.
host-import-ask-here = { $name }, baris { $row }: keluarga dengan nama ini sudah ada. Senarai menyatakan: { $value }
host-import-ask-people-here = { $name }, baris { $row }: “{ $here }” sudah ada, dengan orang yang sama. Senarai menyatakan: { $value }
host-import-ask-group = { $name }, baris { $row }: tiada sesiapa dinamakan; { $value } boleh datang.
host-import-ask-food = { $name }, baris { $row }: “{ $value }” ditulis untuk beberapa orang. Untuk siapa?
host-import-ask-not-coming = { $name }, baris { $row }: senarai menyatakan mereka tidak hadir. Apa yang perlu dibuat?
host-import-here-leave = Keluarga yang sama: biarkan yang ada di sini
host-import-here-change = Keluarga yang sama: kemas kini mengikut senarai
host-import-here-add = Keluarga lain: tambahkan
host-import-group-keep = Satu jemputan, nama menyusul
host-import-group-leave-out = Jangan import
host-import-food-one-of = Salah seorang; nota setiap dewasa menyebutnya
host-import-food-all = Semua orang dewasa
host-import-absent-keep = Tambahkan mereka; nota menyebutnya
host-import-absent-decline = Tambahkan mereka dengan jawapan “Tidak hadir”
host-import-absent-leave-out = Jangan import mereka
host-import-left-out-by-host = Tidak diimport, seperti pilihan anda.
host-import-not-imported = Tidak diimport
host-import-first = Keadaannya nanti
host-import-all = { $count ->
   *[other] Semua { $n }
}
host-import-places = { $count ->
   *[other] { $n } lagi, nama menyusul
}
host-import-no-event = Belum dijemput ke mana-mana acara
host-import-nothing = tiada
host-import-changes = Yang berubah
host-import-change = { $what }: { $old } → { $new }
host-import-unlisted = { $count ->
   *[other] { $n } keluarga yang ada di sini tiada dalam senarai ini, dan kekal seperti sedia ada.
}
host-import-is-changed = Sudah ada; akan berubah
host-import-is-same = Sudah ada; kekal
host-import-more-choices = Pilihan lain
host-import-go = { $count ->
   *[other] Import { $n } keluarga
}
host-import-can-undo = Anda boleh membatalkannya selama 7 hari.
host-import-importing = Sedang mengimport…
host-import-goes-on = Import berjalan sendiri. Anda boleh meninggalkan halaman ini.
host-import-are-here = Daripada senarai ini: { $both }
host-import-nameless = { $count ->
   *[other] { $n } daripada mereka masih memerlukan nama: tetamu boleh mengisinya sendiri.
}
host-import-unreachable = { $count ->
   *[other] { $n } keluarga tiada telefon dan tiada e-mel.
}
host-import-then = Seterusnya
host-import-then-look = Semak mereka, kemudian hantar
host-import-see = Lihat keluarga
host-import-send = Hantar jemputan
host-import-left-title = { $count ->
   *[other] Ditinggalkan: { $n } sel atau baris
}
host-import-quoted = “{ $value }”
host-import-as-file = Sebagai fail
host-import-undo-open = Batalkan…
host-import-invited-to = Senarai tidak menyatakan siapa dijemput ke mana: keluarga baharu dijemput ke acara ini.
host-import-people = Jumlah orang
host-import-adults = Dewasa
host-import-title = Gelaran
host-import-middle-name = Nama tengah
host-import-suffix = Selepas nama (Jr., PhD)
host-import-partner-title = Pasangan, gelaran
host-import-partner-suffix = Pasangan, selepas nama
host-import-contact = Telefon atau e-mel
host-import-group = Nombor keluarga
host-import-any-reply = Jawapan untuk satu-satunya acara
host-import-other = Ke dalam nota, dengan tajuknya
host-import-person = Tetamu { $n }: { $part }
host-import-child = Anak { $n }: { $part }
host-import-unshown = { $count ->
   *[other] { $n } lagi catatan tentang senarai ini tidak ditunjukkan.
}
host-import-contacts = Siapa antara kenalan anda ialah tetamu?
host-import-contacts-text = Pada mulanya tiada sesiapa ditanda. Tanda anda kekal semasa anda mencari.
host-import-contacts-search = Nama, nombor atau e-mel
host-import-letters = Huruf pertama
host-import-all-letters = Semua
host-import-other-letters = Lain-lain
host-import-contacts-found = { $count ->
   *[other] { $n } kenalan
}
host-import-contacts-chosen = Ditanda: { $chosen } daripada { $total }
host-import-contacts-go = Teruskan dengan yang ditanda
host-import-tick-all = Tanda semua di halaman ini
host-import-tick-none = Buang semua tanda di halaman ini
host-import-tick-others = Tanda yang lain
host-import-nobody-chosen = Belum ada sesiapa ditanda. Tandakan sekurang-kurangnya seorang kenalan.
host-import-not-chosen = Kenalan yang tidak anda tanda.
host-import-not-read = Kenalan anda mempunyai ini juga. Ia tidak dibaca.
host-import-card-anniversary = Ulang tahun
host-import-card-birthday = Hari lahir
host-import-card-job = Jawatan
host-import-card-nickname = Nama panggilan
host-import-card-picture = Gambar
host-import-card-web = Alamat web
host-import-not-in-row = Tajuk bukan di baris { $row }?
host-import-has-headings = Adakah senarai ini mempunyai tajuk?
host-import-sheets-and-headings = Baca helaian lain, atau tajuk lain
host-import-sheets = Helaian yang dibaca
host-import-hidden-sheets = Tersembunyi dalam hamparan, dan tidak dibaca:
host-import-no-sheet = Tandakan sekurang-kurangnya satu helaian.
host-import-headings = Tajuk
host-import-heading-row = Baris { $row }: { $words }
host-import-no-headings = Tiada tajuk
host-import-again-hint = Isi lajur kemudian diteka semula.
host-import-commas-people = Setiap baris dibaca sebagai satu isi rumah, dan komanya sebagai tanda antara orang.
host-import-commas-to-columns = Baca koma sebagai lajur
host-import-commas-columns = Koma dibaca sebagai tanda antara lajur.
host-import-commas-to-people = Baca setiap baris sebagai satu isi rumah
host-import-read-again = Baca semula

## The page of reports

host-people = Orang
host-download = Muat turun
host-kitchen-text = Orang yang hadir atau belum pasti. Keperluan makanan dipadam 30 hari selepas majlis.
host-reports-title = Makanan, senarai dan fail
host-kitchen-in-words = Dengan kata-kata tetamu sendiri (lihat di bawah)
host-kitchen-people = Siapa perlukan apa
host-exports = Senarai sebagai fail
host-exports-text = Dibuat di latar belakang, disimpan 7 hari.
host-exports-masked = Tanpa kod dan maklumat hubungan, kerana anda tidak boleh melihatnya.
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
host-upload-bytes = Saiz dalam bait
host-upload-file = Nama yang diberikan oleh laman
host-upload-day = Dihantar pada
host-export-sheet-uploads = Gambar
