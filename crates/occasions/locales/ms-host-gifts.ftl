# Halaman tuan rumah tentang hadiah.

host-gifts = Hadiah
host-gift-list = Senarai hajat
host-gifts-off = Tetamu tidak melihat bahagian ini kerana ia dimatikan.
host-new-gift = Hadiah baharu
host-no-gifts = Belum ada hadiah
host-no-gifts-text = Tambah apa yang anda hajati. Keluarga menempahnya di halaman jemputan, dan tiada yang membawanya dua kali.
host-gift-about = Tentang hadiah
host-gift-taken = { $taken } daripada { $all } ditempah
host-gift-away = Tersembunyi daripada tetamu
host-gift-pieces = × { $n }
host-gift-reserved = Ditempah
host-gift-released = Dilepaskan
host-gift-given = Diterima
host-gift-absent = Tiada antara mereka yang hadir
host-gift-receive = Sudah terima
host-gift-release = Lepaskan
host-gift-picture-remove = Buang gambar
host-remove-gift = Buang hadiah
host-remove-gift-effect = Hadiah yang pernah ditempah disembunyikan sahaja. Keluarga yang membawanya masih melihatnya.
host-field-gift-name = Hadiah
host-field-gift-price = Harga
host-field-gift-price-hint = Untuk satu, atau untuk keseluruhan hadiah jika keluarga memberi bahagian. Boleh dikosongkan.
host-field-gift-quantity = Berapa banyak, atau berapa bahagian
host-field-gift-shared = Beberapa keluarga memberi bahagian
host-field-gift-shared-hint = Harga dibahagi sama kepada bilangan itu, dan setiap keluarga mengambil satu atau lebih.
host-field-gift-url = Tempat membeli
host-field-gift-url-hint = Halaman kedai, bermula dengan https://
host-field-gift-active = Tetamu melihatnya
host-field-gift-picture = Gambar
host-field-gift-description = Keterangan

host-cash = Wang
host-cash-text = Kenduri hanya memaparkannya. Wang sampai terus kepada anda. Untuk akaun di kawasan euro, tetamu juga melihat kod QR untuk aplikasi bank.
host-new-cash = Cara baharu memberi wang
host-cash-about = Ke mana wang pergi
host-cash-where = Ke mana
host-cash-qr = Kod QR
host-remove-cash = Buang
host-remove-cash-effect = Tetamu tidak melihatnya lagi.
host-cash-kind-link = Alamat web
host-cash-kind-link-hint = Contohnya PayPal. Tetamu melihat ke mana pautan itu menuju.
host-cash-kind-bank = Akaun bank
host-cash-kind-bank-hint = IBAN atau nombor akaun
host-cash-kind-duitnow = DuitNow
host-cash-kind-duitnow-hint = Nombor telefon, nombor kad pengenalan atau ID DuitNow
host-field-cash-kind = Jenis
host-field-cash-label = Nama
host-field-cash-label-hint = Contohnya “Tabung bulan madu”
host-field-cash-url = Alamat web
host-field-cash-url-hint = Untuk alamat web sahaja, bermula dengan https://
host-field-cash-holder = Pemegang akaun
host-field-cash-account = IBAN, nombor akaun atau ID DuitNow
host-field-cash-account-hint = Semua yang mempunyai jemputan melihatnya.
host-field-cash-bank = Bank
host-field-cash-bic = BIC
host-field-cash-reference = Rujukan
host-field-cash-reference-hint = Apa yang tetamu tulis pada pindahan
host-field-cash-active = Tetamu melihatnya
host-field-cash-note = Penjelasan

host-received = Hadiah diterima
host-received-about = Tentang hadiah
host-received-owed = { $all ->
    [0] Belum ada catatan.
   *[other] { $owed ->
        [0] Anda sudah berterima kasih untuk semua { $all } hadiah.
       *[other] { $owed } daripada { $all } hadiah menunggu ucapan terima kasih.
    }
}
host-received-mail = Tulis e-mel terima kasih
host-received-who = Daripada siapa?
host-received-other = Orang lain
host-received-all = Semua
host-received-invitation = Jemputan
host-new-received = Catat hadiah
host-thanked = Sudah berterima kasih
host-thanks-owed = Belum berterima kasih
host-thank = Tandakan
host-thanks-undo = Sebenarnya belum
host-remove-received = Buang catatan
host-remove-received-effect = Jika keluarga itu menempah hadiah ini, tempahan itu dibuka semula.
host-field-received-household = Keluarga
host-field-received-giver = Daripada
host-field-received-giver-hint = Nama pada kad
host-field-received-description = Apa hadiahnya
host-field-received-amount = Jumlah
host-field-received-on = Diterima pada

host-done-gift-given = Sudah dicatat dalam buku hadiah diterima.
host-done-gift-released = Dilepaskan. Tetamu lain boleh menempahnya sekarang.
host-done-gift-thanked = Disimpan.

host-log-gifts = mengubah senarai hajat
host-log-gift-reserved = menempah hadiah
host-log-gift-released = melepaskan hadiah
host-log-gift-given = menerima hadiah
host-log-cash = mengubah cara memberi wang
host-log-received = mengubah buku hadiah diterima
host-log-thanked = menandakan ucapan terima kasih

host-switch-gifts = Hadiah
host-switch-gifts-on = Keluarga melihat senarai hajat dan menempah hadiah.
host-switch-cash = Wang
host-switch-cash-on = Keluarga melihat cara memberi wang.
host-switch-gifts-attending = Hanya yang hadir menempah hadiah
host-switch-gifts-attending-on = Tempahan kekal jika keluarga membatalkan kemudian, dan ditandakan.

host-filter-thanks = Terima kasih
host-filter-thanks-yes = Hadiah yang belum diucapkan terima kasih
host-filter-thanks-no = Tiada ucapan tertunggak

host-export-gifts = Senarai hajat dan tempahan
host-export-received = Hadiah diterima
