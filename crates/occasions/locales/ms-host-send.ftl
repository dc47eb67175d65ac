### Penghantaran: apa yang perlu dihantar, melalui saluran apa, dan apa yang menghalang.

host-channel-whatsapp = WhatsApp
host-channel-sms = SMS
host-channel-email = E-mel
host-channel-paper = Kertas
host-channel-other = Cara lain

host-send-home = Hantar
host-send-unsent = { $n ->
    [0] Semua keluarga sudah menerima jemputan
   *[other] { $n } keluarga belum menerima jemputan
}
host-send-owing = { $n ->
    [0] Tiada keluarga yang dijemput belum menjawab
   *[other] { $n } keluarga belum menjawab
}
host-send-unanswered = Lihat siapa, dan sebabnya
host-unanswered-unreached = Tidak dapat dihubungi
host-unanswered-unsent = Belum dihantar
host-unanswered-unopened = Belum dibuka
host-unanswered-no-answer = Dibuka, belum dijawab
host-unanswered-closed = Tidak boleh menjawab sekarang
host-unanswered-all = Semua
host-unanswered-reasons = Sebab mereka belum menjawab
host-send-owing-text = Mereka sudah menerima jemputan tetapi belum menjawab semuanya, atau menjawab “belum pasti”.
host-send-invited-lately = { $n } daripadanya dijemput kurang daripada tiga hari lalu.
host-send-not-reminded = Keluarga yang belum menjawab semuanya tetapi tidak diingatkan sekarang: { $others }.
host-send-not-invited = { $n } belum menerima jemputan
host-send-too-late = { $n } tidak lagi boleh menjawab
host-send-who = Lihat siapa
host-by-whatsapp = { $n } melalui WhatsApp
host-by-sms = { $n } melalui SMS
host-by-email = { $n } melalui e-mel
host-by-paper = { $n } di atas kertas
host-by-other = { $n } dengan cara lain
host-about-phone = Satu ketikan setiap keluarga, dari telefon anda. Kami menulis mesejnya.
host-about-email = Semua sekali gus. Kami yang menghantar.
host-about-paper = Tiada nombor telefon bimbit yang boleh dibaca, tiada e-mel. Kad dengan kod QR.
host-send-printed = Dicetak pada { $day }. Belum diserahkan.
host-send-unthanked = { $n } keluarga memberi hadiah dan menunggu ucapan terima kasih
host-send-thanks-tick = Mesej ini menyebut hadiah itu dan memberi pautan ke gambar. Hadiah itu ditandakan sudah diucapkan terima kasih dalam “Hadiah diterima”.
host-send-start = Mula
host-send-look = Lihat, kemudian hantar
host-send-remind = Ingatkan
host-send-remind-now = Ingatkan sekarang
host-send-over = Saya sudah menyerahkannya
host-send-handed-over = Kad yang dicetak ditandakan sudah diserahkan.
host-send-off = Tidak aktif
host-send-order = Bagi setiap keluarga, kami gunakan cara pertama yang boleh: { $order }.
host-send-order-change = Tukar susunan
host-send-order-saved = Susunan sudah ditukar.
host-send-first = Cuba dahulu
host-send-last-reminded = Kali terakhir diingatkan pada { $day }
host-send-never-reminded = Kali terakhir diingatkan: belum pernah
host-send-reminded = { $n } diingatkan dalam 24 jam yang lalu
host-send-by-itself = Semua yang mempunyai alamat e-mel diingatkan secara automatik pada { $days }.
host-send-nothing-by-itself = Tiada peringatan dihantar secara automatik.
host-send-change = Tukar peringatan
host-send-so-far = Dihantar setakat ini
host-send-messages = Semua mesej
host-so-far-sent = { $n } dihantar
host-so-far-opened = { $n } dibuka
host-so-far-answered = { $n } lengkap dijawab
host-so-far-queued = { $n } dalam penghantaran
host-so-far-uncertain = { $n } mungkin dihantar
host-so-far-came-back = { $n } dipulangkan
host-send-else = Perkara lain
host-send-tell = Beritahu semua orang
host-send-thank = Ucapkan terima kasih
host-send-cards = Cetak kad dan label

host-by-neither = { $n } keluarga tidak dapat dihubungi melalui WhatsApp, SMS atau e-mel
host-send-tell-about = Untuk berita seperti tempat letak kereta. Mesej dihantar melalui WhatsApp, SMS atau e-mel, satu cara bagi setiap keluarga.
host-send-thank-about = Untuk semua yang menjawab ya. Ucapan dihantar melalui WhatsApp, SMS atau e-mel, satu cara bagi setiap keluarga.
host-send-thank-early = Majlis belum selesai. Mesej ini mengucapkan terima kasih kerana hadir, jadi hantarlah selepas itu.
host-send-changed-meanwhile = Mesej ini telah diubah oleh orang lain sementara itu, jadi mesej baharu tidak dimulakan. Lihat dahulu.
host-send-begun-meanwhile = Mesej ini telah berubah, jadi tanda terakhir anda tidak disimpan. Yang anda lihat sekarang ialah mesej baharu.
host-send-rewritten = Orang lain telah mengubah mesej ini, jadi tiada apa-apa dihantar. Semak dahulu.
host-send-unwritten = Anda belum menulisnya.
host-send-to-reach = { $n ->
    [0] Tiada sesiapa akan menerimanya sekarang
   *[other] { $n } keluarga akan menerimanya
}
host-send-have-it = { $n } keluarga sudah menerimanya.
host-send-changed-text = Perubahan di sini hanya dibaca oleh mereka yang belum menerimanya.
host-send-to-all = Semua orang
host-send-to-coming = Yang akan hadir
host-send-to-owing = Yang belum menjawab
host-send-to-declined = Yang tidak dapat hadir
host-send-begin = Tulis mesej baharu
host-send-begin-about = Teks di atas akan dikosongkan: yang belum menerima mesej itu tidak akan menerimanya. Mesej baharu dihantar kepada semua.
host-send-neither = Mereka tiada nombor telefon bimbit atau alamat e-mel yang boleh digunakan. Tambah satu, atau maklumkan sendiri kepada mereka, kemudian tandakan.
host-send-neither-do = Tandakan satu demi satu
host-send-later = Hantar e-mel pada masa lain, atau ke alamat tetamu sendiri
host-nobody-add = Tambah keluarga
host-nobody-households = Belum ada keluarga. Tambah tetamu anda dahulu.
host-nobody-match = Tiada keluarga yang sepadan dengan pilihan anda. Pilih yang lain.
host-nobody-on-the-way = Jemputan selebihnya sedang dihantar melalui e-mel.
host-nobody-uncertain = Tidak pasti sama ada e-mel bagi jemputan selebihnya sudah sampai. Semak di halaman “Mesej” sebelum menghantarnya semula.
host-nobody-of-them-comes = Tiada antara keluarga yang anda pilih menjawab ya, jadi tiada sesiapa antara mereka untuk diucapkan terima kasih.
host-nobody-not-over = Majlis belum selesai. Anda boleh mengucapkan terima kasih atas hadiah selepas itu.
host-nobody-invited = Semua keluarga sudah menerima jemputan. Yang anda tambah kemudian akan muncul di sini.
host-nobody-not-invited = Belum ada jemputan dihantar, jadi tiada sesiapa boleh diingatkan. Hantar jemputan dahulu.
host-nobody-reminded = Semua yang boleh diingatkan sudah diingatkan dalam 24 jam yang lalu. Cuba lagi esok.
host-nobody-answered = Semua yang menerima jemputan dan masih boleh menjawab sudah menjawab.
host-nobody-told = Semua orang sudah diberitahu.
host-nobody-comes = Belum ada yang menjawab ya, jadi tiada sesiapa untuk diucapkan terima kasih.
host-nobody-thanked = Semua orang sudah menerima ucapan terima kasih.
host-nobody-news = Semua orang sudah menerima mesej ini. Untuk memberitahu perkara lain, tulis mesej baharu.
host-nobody-this-way = Tiada sesiapa lagi untuk dihubungi dengan cara ini. Kembali untuk melihat cara bagi yang lain.
host-nobody-address = Tiada antara keluarga ini yang mempunyai alamat e-mel. Tambah alamat, atau pilih yang lain.
host-nobody-mail = Tiada antara keluarga ini yang boleh menerima e-mel: mereka tiada alamat, sudah berhenti melanggan, atau e-mel dahulu dipulangkan. Pilih yang lain, atau tambah alamat yang boleh digunakan.
host-moved-all-know = Semua yang mungkin hadir ke { $event } tahu bahawa ia telah berubah.
host-block-no-text = Mesej belum ditulis.
host-block-no-text-text = Untuk e-mel, tulis subjek dan teks. WhatsApp dan SMS juga menggunakan teks itu, kecuali anda menulis mesej untuknya.
host-block-no-text-do = Tulis mesej
host-off-no-text = Tidak aktif: belum ditulis

host-send-reminders = Hantar peringatan
host-send-progress = { $n } daripada { $of }
host-send-people = { $n } orang
host-open-whatsapp = Buka WhatsApp
host-open-sms = Buka SMS
host-open-email = Buka e-mel
host-send-words = Ubah mesej untuk semua
host-send-i-sent = Saya sudah menghantarnya
host-send-as-read = Begini “{ $household }” membacanya:
host-send-has = Sudah menerimanya
host-send-other-way = { $household } menerimanya dengan cara lain.
host-send-through = Selesai: tiada yang tinggal.
host-send-moved = Beritahu tetamu apa yang berubah
host-moved-by-call = { $n } perlu ditelefon
host-moved-title-day = { $n ->
    [0] { $of } bukan lagi pada { $day }. Beritahu tetamu anda?
   *[other] { $n } orang telah menjawab ya untuk { $of } yang asalnya pada { $day }. Beritahu mereka?
}
host-moved-title-off = { $n ->
    [0] { $of } dibatalkan. Beritahu tetamu anda?
   *[other] { $n } orang menjawab ya untuk { $of }, yang kini dibatalkan. Beritahu mereka?
}
host-moved-title = { $n ->
    [0] { $of } telah berubah. Beritahu tetamu anda?
   *[other] { $n } orang telah menjawab ya untuk { $of } yang asal. Beritahu mereka?
}
host-moved-left = { $events } masih pada { $day }. Perlukah dipindahkan juga?
host-moved-was = Sebelum ini
host-moved-now = Sekarang
host-moved-answers = Semua jawapan kekal. Mesej itu meminta mereka menukarnya jika masa atau tempat baharu tidak sesuai.
host-moved-ask = { $n ->
    [1] Tanya orang itu sekali lagi
   *[other] Tanya { $n } orang itu sekali lagi
}
host-moved-ask-text = Mereka yang menjawab ya ditanya sekali lagi, seolah-olah belum menjawab. Tempat mereka disimpan sehingga jawapan ditutup atau acara bermula; pilihan hidangan dan keperluan makanan kekal.
host-moved-ask-late = Untuk bertanya sekali lagi, tetapkan dahulu tarikh akhir jawapan yang lebih lewat.
host-moved-asked = Mesej itu meminta mereka menjawab sekali lagi. Tempat mereka yang telah menjawab ya disimpan sehingga jawapan ditutup atau acara bermula.
host-moved-kept = Jawapan mereka disimpan, sekiranya acara ini akhirnya diadakan juga.
host-moved-households = { $n } keluarga perlu diberitahu
host-moved-groups = Menjawab ya: { $yes }. Belum menjawab atau belum pasti: { $open }.
host-moved-declined = { $n } keluarga tidak dapat hadir dan tidak diberitahu.
host-moved-declined-do = Beritahu juga { $n } keluarga yang tidak dapat hadir: mungkin kini sesuai bagi mereka
host-moved-unsent = { $n } keluarga tidak diberitahu kerana jemputannya belum dihantar: jemputan itu akan menyatakan perkara terkini.
host-moved-tell = Beritahu mereka…
host-moved-dismiss = Jangan beritahu sesiapa
host-moved-dismissed = Anda memilih untuk tidak memberitahu sesiapa. Anda masih boleh memberitahu mereka.

host-handed = { $kind }, { $channel }: diserahkan pada { $when }
host-handed-mail = { $kind }, e-mel pada { $when }: { $state }
host-handed-printed = Kad dicetak pada { $when }

host-block-address = Pautan ini hanya berfungsi pada komputer ini.
host-block-address-text = Pautan bermula dengan { $address }, jadi tiada tetamu dapat membukanya. Penghantaran dan cetakan dimatikan sehingga laman mempunyai alamat awam.
host-block-address-ask = Pautan ini bermula dengan { $address }, jadi tiada tetamu dapat membukanya. Minta pengendali laman ini, iaitu orang yang memasang Kenduri pada pelayannya, memberikan alamat awam. Sehingga itu, penghantaran dan cetakan dimatikan.
host-block-address-do = Cara menetapkan alamat
host-block-archived = Majlis ini sudah diarkibkan.
host-block-archived-text = Tiada apa-apa dihantar lagi.
host-block-mailbox = E-mel dimatikan: tiada pelayan mel.
host-block-mailbox-text = E-mel yang anda hantar tidak keluar dari komputer ini. WhatsApp, SMS dan kad bercetak masih boleh digunakan.
host-block-mailbox-do = Sediakan e-mel
host-block-dns = E-mel kepada ramai orang dimatikan: e-mel laman ini belum disediakan sepenuhnya.
host-block-dns-text = Pengendali laman dapat melihat apa yang tiada. WhatsApp, SMS dan kad bercetak masih boleh digunakan.
host-block-dns-do = Betulkan
host-block-member = E-mel dimatikan: laman ini belum membenarkannya.
host-block-member-text = Pengendali laman mesti membenarkan majlis ini menghantar e-mel. WhatsApp, SMS dan kad bercetak masih boleh digunakan.
host-block-member-do = Benarkan
host-block-used-up = E-mel dimatikan sehingga esok.
host-block-used-up-text = Majlis ini sudah menghantar sebanyak mana e-mel yang dibenarkan dalam 24 jam.
host-block-draft = Ini draf.
host-block-draft-text = Tetamu belum boleh membuka jemputan mereka. Terbitkan dahulu, kemudian hantar.
host-block-closed = Jawapan sudah ditutup.
host-block-closed-text = Tetamu boleh membaca tetapi tidak boleh menjawab, jadi tiada sesiapa diingatkan.
host-block-state-do = Tukar
host-block-own-domain = Alamat web anda sendiri belum berfungsi.
host-block-own-domain-text = Sementara itu, pautan bermula dengan { $address }. Pautan itu terus berfungsi selepas ini.
host-block-own-domain-do = Lihat
host-off-address = Tidak aktif: pautan belum berfungsi
host-off-archived = Tidak aktif: majlis sudah diarkibkan
host-off-mailbox = Tidak aktif: tiada pelayan mel
host-off-dns = Tidak aktif: e-mel belum disediakan sepenuhnya
host-off-member = Tidak aktif: belum dibenarkan
host-off-used-up = Tidak aktif: had e-mel hari ini sudah dicapai
host-off-draft = Tidak aktif: terbitkan dahulu
host-off-closed = Tidak aktif: jawapan sudah ditutup
host-off-own-domain = Tidak aktif: alamat anda sendiri belum berfungsi
host-ask-draft = Tetap hantar
host-ask-own-domain = Hantar dengan alamat ini
host-print-test = UJIAN
