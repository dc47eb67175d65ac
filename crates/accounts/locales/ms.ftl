# Log masuk.
account-sign-in = Log masuk
account-email = Alamat e-mel
account-password = Kata laluan
account-remember = Kekalkan log masuk pada peranti ini
account-guests = Dijemput ke majlis?
account-guests-link = Buka jemputan dengan kodnya
account-problem = Ada masalah
account-name = Nama anda
account-password-hint = Sekurang-kurangnya 10 aksara. Gabungan beberapa perkataan mudah diingat.

# Pautan log masuk sekali guna.
account-link = Log masuk dengan pautan ini
account-link-text = Pautan ini boleh digunakan sekali sahaja. Tekan butang untuk log masuk pada peranti ini.
account-link-use = Log masuk pada peranti ini

# Pemilik pertama.
account-setup = Sediakan Kenduri
account-setup-text = Pemasangan ini belum ada pemilik. Anda akan menjadi pemiliknya, dan kemudian boleh mencipta majlis serta menjemput orang lain membantu.
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
account-token-one = Satu majlis sahaja
account-token-remove = Tarik balik
account-token-days = Tempoh sah dalam hari (1 hingga 366)
account-token-create = Cipta token
account-token-made = Token baharu
account-token-once = Salin sekarang: token ditunjukkan sekali ini sahaja dan tidak disimpan di mana-mana.
account-right-profile-read = melihat nama dan alamat e-mel anda
account-right-occasion-read = melihat majlis, acara, jemputan dan tetamu, dengan kod dan maklumat hubungan
account-right-occasion-write = mengubah majlis, acara, jemputan dan tetamu, tanpa melihatnya
account-right-rsvps-read = melihat jawapan, keperluan makanan dan nota
account-right-rsvps-write = menjawab bagi pihak tetamu

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
