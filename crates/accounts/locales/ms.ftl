# Log masuk.
account-sign-in = Log masuk
account-email = Alamat e-mel
account-password = Kata laluan
account-remember = Kekalkan log masuk pada peranti ini
account-name = Nama anda
account-password-hint = Sekurang-kurangnya 10 aksara. Gabungan beberapa perkataan mudah diingat.

# Pautan log masuk sekali guna.
account-link = Log masuk dengan pautan ini
account-link-text = Pautan ini boleh digunakan sekali sahaja. Tekan butang untuk log masuk pada peranti ini.
account-link-use = Log masuk pada peranti ini

# Pemilik pertama.
account-setup = Sediakan Kenduri
account-setup-text = Pemasangan ini belum ada pemilik. Anda akan menjadi pemiliknya, dan kemudian boleh menjemput orang lain membantu.
account-setup-finish = Jadi pemilik

# Menjadi ahli.
account-join = Anda dijemput membantu
account-join-by = { $name } menjemput anda sebagai { $role }.
account-join-as = Sertai sebagai { $name }
account-join-other = Log keluar dan sertai sebagai orang lain
account-join-known = Pernah log masuk di sini?
account-join-finish = Cipta akaun dan sertai
account-role-admin = pentadbir pemasangan
account-role-owner = pemilik pemasangan

# Akaun sendiri.
account-security = Kata laluan dan akses
account-done-password = Kata laluan baharu berkuat kuasa. Semua peranti lain telah dilog keluar.
account-done-session = Telah dilog keluar di sana.
account-done-token = Token itu tidak berfungsi lagi.
account-password-none = Anda belum ada kata laluan. Tetapkan satu supaya anda boleh log masuk semula.
account-password-current = Kata laluan sekarang
account-password-new = Kata laluan baharu
account-password-others = Semua peranti lain akan dilog keluar.
account-password-save = Simpan kata laluan
account-sessions = Tempat anda log masuk
account-session-history = Log masuk { $since }, kali terakhir digunakan { $seen }.
account-session-this = Yang ini
account-session-unknown = Pelayar tidak dikenali
account-session-end = Log keluar di sana
account-session-end-others = Log keluar di semua tempat lain
account-tokens = Token untuk program
account-tokens-text = Program menunjukkan token sebagai ganti kata laluan anda. Token tidak boleh membuat lebih daripada apa yang anda sendiri boleh buat.
account-token-name = Nama token
account-token-scopes = Boleh digunakan untuk
account-token-life = Sah hingga { $until }. { $used ->
    [none] Belum pernah digunakan.
   *[other] Kali terakhir digunakan { $used }.
}
account-token-remove = Tarik balik
account-token-days = Tempoh sah dalam hari (1 hingga 366)
account-token-create = Cipta token
account-token-made = Token baharu
account-token-once = Salin sekarang: token ditunjukkan sekali ini sahaja dan tidak disimpan di mana-mana.
account-scope-profile-read = melihat nama dan alamat e-mel anda

# E-mel tentang log masuk dengan pelayar baharu.
mail-sign-in-subject = Log masuk baharu ke { $site }
mail-sign-in-text =
    Salam { $name },

    seseorang telah log masuk ke akaun anda di { $site } dengan pelayar yang belum pernah digunakan untuk akaun itu.

    Masa: { $time } ({ $zone })
    { $browser ->
        [none] Pelayar: tidak dikenali
       *[other] Pelayar: { $browser }
    }
    Dari: { $network }

    Jika ini anda, tiada apa-apa yang perlu dibuat. Jika bukan, tukar kata laluan anda sekarang; semua peranti lain akan dilog keluar:
    { $address }
mail-reuse-subject = Satu sesi di { $site } telah ditamatkan
mail-reuse-text =
    Salam { $name },

    sebuah program telah menunjukkan kunci akaun anda di { $site } yang sudah pernah digunakan, jadi mungkin ada orang lain yang menyimpan salinannya. Sesi itu telah ditamatkan, dan program itu perlu log masuk semula.

    Masa: { $time } ({ $zone })
    Dari: { $network }

    Jika program anda bukan sekadar bertanya dua kali, semak sesi anda dan tukar kata laluan anda:
    { $address }

# What can go wrong: who is asking.
problem-email-taken = Akaun dengan alamat e-mel ini sudah wujud.
    .title = E-mel sudah digunakan
problem-last-owner = Mesti ada seorang pemilik. Jadikan orang lain pemilik dahulu.
    .title = Pemilik terakhir
problem-credentials-invalid = Alamat e-mel atau kata laluan tidak betul.
    .title = Tidak dapat log masuk
problem-token-missing = Token capaian diperlukan di sini.
    .title = Token tidak disertakan
problem-token-invalid = Token capaian ini tidak sah.
    .title = Token tidak sah
problem-token-expired = Token capaian ini sudah tamat tempoh.
    .title = Token tamat tempoh
problem-session-expired = Anda telah dilog keluar kerana sudah lama tempohnya. Sila log masuk semula.
    .title = Sudah log keluar
problem-session-revoked = Sesi ini telah ditamatkan. Sila log masuk semula.
    .title = Sesi ditamatkan
problem-refresh-invalid = Token pembaharuan ini tidak dikenali. Sila log masuk semula.
    .title = Token tidak dikenali
problem-refresh-expired = Token pembaharuan ini tidak digunakan dalam tempohnya. Sila log masuk semula.
    .title = Token tamat tempoh
problem-refresh-reused = Token pembaharuan ini sudah pernah digunakan, jadi sesinya ditamatkan. Sila log masuk semula.
    .title = Token digunakan dua kali
problem-forbidden = Peranan anda tidak membenarkan ini.
    .title = Tidak dibenarkan
problem-role-required = { $role ->
    [none] Peranan anda tidak membenarkan ini.
   *[other] Ini memerlukan peranan “{ $role }”.
}
    .title = Tidak dibenarkan
problem-role-above-own = Anda tidak boleh memberi peranan yang lebih tinggi daripada peranan anda, atau mengubah orang yang memilikinya.
    .title = Tidak dibenarkan
problem-role-unknown = Peranan itu tidak wujud.
    .title = Peranan tidak dikenali
problem-sudo-required = Sila sahkan bahawa ini anda.
    .title = Sila sahkan
problem-scope-required = { $scope ->
    [none] Token ini tidak boleh melakukannya.
   *[other] Token ini memerlukan skop “{ $scope }”.
}
    .title = Token tidak dibenarkan
problem-token-not-permitted = Token tidak boleh melakukan ini; sila log masuk.
    .title = Token tidak dibenarkan
problem-registration-closed = Pendaftaran ditutup. Sila minta jemputan.
    .title = Pendaftaran ditutup
problem-secure-connection-required = Log masuk memerlukan sambungan selamat (https).
    .title = Sambungan selamat diperlukan
problem-token-expired-or-used = Pautan ini sudah digunakan atau tamat tempoh. Sila minta yang baharu.
    .title = Pautan tidak sah lagi
problem-current-password-wrong = Kata laluan sekarang tidak betul.
    .title = Kata laluan tidak betul

# Membuktikan sekali lagi siapa anda.
account-sudo = Sahkan bahawa ini anda
account-sudo-text = Tindakan ini memerlukan kata laluan anda. Selepas itu anda boleh meneruskan selama 10 minit.
account-sudo-link = Anda tiada kata laluan. Log keluar, kemudian log masuk dengan pautan baharu; selepas itu anda boleh meneruskan selama 10 minit.
account-sudo-confirm = Sahkan
