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
account-join-to = { $name } menjemput anda ke “{ $title }” sebagai { $role }.
account-join-new = Baru di sini? Cipta akaun dahulu, kemudian buka pautan ini semula.
account-join-without = Anda memerlukan akaun di sini untuk menyertai. Jika belum ada, tanya { $name } bagaimana mendapatkannya.
account-join-as = Sertai sebagai { $name }
account-join-other = Log keluar dan sertai sebagai orang lain
account-join-known = Sudah ada akaun?
account-join-finish = Cipta akaun dan sertai
account-role-admin = pentadbir pemasangan
account-role-owner = pemilik pemasangan
account-role-trusted-contact = kenalan dipercayai: melihat perkara yang orang tunjukkan kepada kenalan dipercayai

# Akaun sendiri.
account-security = Log masuk dan keselamatan
account-done-password = Kata laluan baharu berkuat kuasa. Semua peranti lain telah dilog keluar.
account-done-session = Telah dilog keluar di sana.
account-done-token = Token ini tidak berfungsi lagi.
account-password-none = Anda belum ada kata laluan. Tetapkan satu supaya anda boleh log masuk semula.
account-password-current = Kata laluan sekarang
account-password-new = Kata laluan baharu
account-password-others = Semua peranti lain akan dilog keluar.
account-password-save = Simpan kata laluan
account-sessions = Peranti yang log masuk ke akaun anda
account-session-history = Log masuk { $since }, kali terakhir digunakan { $seen }.
account-session-this = Yang ini
account-session-unknown = Pelayar tidak dikenali
account-session-end = Log keluar di sana
account-session-end-others = Log keluar di semua peranti lain…
account-passkeys = Kunci laluan
account-passkeys-text = Log masuk dengan cap jari, wajah atau PIN peranti, tanpa kata laluan. Kunci laluan hanya berfungsi di laman ini, jadi tiada sesiapa boleh memintanya di tempat lain.
account-passkeys-script = Untuk menambah kunci laluan, benarkan skrip pada halaman ini.
account-passkeys-address = Kunci laluan memerlukan alamat dengan nama domain, dan https. Alamat laman ini ialah nombor, atau sambungannya tidak disulitkan, jadi tiada pelayar yang menawarkannya di sini.
account-passkey-name = Nama kunci laluan, contohnya “Telefon saya”
account-passkey-add = Tambah kunci laluan
account-passkey-remove = Buang…
account-passkey-use = Ditambah { $since }. { $used ->
    [none] Belum pernah digunakan.
   *[other] Kali terakhir digunakan { $used }.
}
account-passkey-sign-in = Log masuk dengan kunci laluan
account-passkey-refused = Peranti anda tidak menyelesaikannya. Sila cuba lagi.
account-done-passkey = Kunci laluan anda telah diubah.
account-provider-sign-in = Log masuk dengan { $provider }
account-provider-register = Daftar dengan { $provider }
account-provider-onward = Teruskan ke { $provider }
account-newcomer-text = Hampir selesai: alamat manakah milik anda? Anda akan menerima e-mel di situ dengan pautan untuk mengesahkannya.
account-link-identity = Log masuk sekali untuk memautkan
account-link-identity-text = Sudah ada akaun di sini dengan alamat anda. Log masuk ke akaun itu sekali seperti biasa. Selepas itu, anda juga boleh log masuk melalui penyedia ini.
account-identities = Log masuk yang dipautkan
account-identities-text = Log masuk dengan akaun yang anda miliki di tempat lain.
account-identity-link = Pautkan { $provider }
account-identity-remove = Nyahpaut
account-identity-use = Dipautkan { $since }. { $used ->
    [none] Belum pernah digunakan.
   *[other] Kali terakhir digunakan { $used }.
}
account-done-identity = Log masuk yang dipautkan telah diubah.
account-tokens = Token untuk program
account-tokens-text = Program menunjukkan token sebagai ganti kata laluan anda. Token tidak boleh membuat lebih daripada apa yang anda sendiri boleh buat.
account-token-name = Nama token
account-token-scopes = Boleh digunakan untuk
account-token-life = Sah hingga { $until }. { $used ->
    [none] Belum pernah digunakan.
   *[other] Kali terakhir digunakan { $used }.
}
account-token-remove = Buang…
account-token-days = Sah selama (hari, 1 hingga 366)
account-token-create = Cipta token
account-token-made = Token baharu
account-token-once = Salin sekarang: token ditunjukkan sekali ini sahaja dan tidak disimpan di mana-mana.
account-scope-profile-read = melihat profil dan alamat e-mel anda

# E-mel tentang log masuk dengan pelayar baharu.
mail-sign-in-subject = Log masuk baharu ke { $site }
mail-sign-in-text =
    Salam { $name },

    seseorang telah log masuk ke akaun anda di { $site } dengan pelayar yang belum pernah digunakan untuk akaun itu.

    Masa: { $time }
    { $browser ->
        [none] Pelayar: tidak dikenali
       *[other] Pelayar: { $browser }
    }
    Dari: { $network }

    Jika ini anda, tiada apa-apa yang perlu dibuat. Jika bukan, tukar kata laluan anda sekarang; semua peranti lain akan dilog keluar:
    { $address }
mail-passkey-copied-subject = Kunci laluan anda mungkin telah disalin
mail-passkey-copied-text =
    Salam { $name },

    satu kunci laluan akaun anda di { $site } menjawab seolah-olah ia sudah lama tidak digunakan, jadi mungkin ada orang lain yang menyimpan salinannya. Tiada sesiapa berjaya log masuk dengannya.

    Masa: { $time }
    Dari: { $network }

    Semak kunci laluan anda dan buang kunci itu:
    { $address }
mail-reuse-subject = Satu sesi di { $site } telah ditamatkan
mail-reuse-text =
    Salam { $name },

    sebuah program telah menunjukkan kunci akaun anda di { $site } yang sudah pernah digunakan, jadi mungkin ada orang lain yang menyimpan salinannya. Sesi itu telah ditamatkan, dan program itu perlu log masuk semula.

    Masa: { $time }
    Dari: { $network }

    Melainkan program anda sekadar meminta dua kali, semak sesi anda dan tukar kata laluan anda:
    { $address }

# What can go wrong: who is asking.
problem-email-taken = Akaun dengan alamat e-mel ini sudah wujud.
    .title = E-mel sudah digunakan
problem-last-owner = Mesti ada sekurang-kurangnya seorang pemilik. Jadikan orang lain pemilik dahulu.
    .title = Pemilik terakhir
problem-credentials-invalid = Alamat e-mel atau kata laluan tidak betul.
    .title = Tidak dapat log masuk
problem-token-missing = Token capaian diperlukan di sini.
    .title = Token tidak disertakan
problem-token-invalid = Token capaian ini tidak sah.
    .title = Token tidak sah
problem-token-expired = Token capaian ini sudah tamat tempoh.
    .title = Token tamat tempoh
problem-session-expired = Anda telah dilog keluar kerana sudah agak lama. Sila log masuk semula.
    .title = Sudah log keluar
problem-session-revoked = Sesi ini telah ditamatkan. Sila log masuk semula.
    .title = Sesi ditamatkan
problem-refresh-invalid = Token pembaharuan ini tidak dikenali. Sila log masuk semula.
    .title = Token pembaharuan tidak dikenali
problem-refresh-expired = Token pembaharuan ini tidak digunakan dalam tempohnya. Sila log masuk semula.
    .title = Token pembaharuan tamat tempoh
problem-refresh-reused = Token pembaharuan ini sudah pernah digunakan, jadi sesinya ditamatkan. Sila log masuk semula.
    .title = Token pembaharuan digunakan dua kali
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
problem-passkey-invalid = Kunci laluan ini tidak diterima. Sila cuba lagi.
    .title = Kunci laluan tidak diterima
problem-last-credential = Ini satu-satunya cara anda log masuk. Tetapkan kata laluan, tambah kunci laluan atau pautkan log masuk dahulu.
    .title = Cara terakhir untuk log masuk
problem-oauth-state-invalid = Log masuk ini dimulakan di pelayar lain, mengambil masa terlalu lama, atau sudah selesai. Sila mulakan semula.
    .title = Sila mulakan semula
problem-oauth-denied = Anda tidak berjaya log masuk: penyedia menolaknya, atau akaun anda di sini tidak boleh digunakan.
    .title = Log masuk tidak berjaya
problem-oauth-provider-failed = Penyedia log masuk ini tidak menjawab dengan betul. Sila cuba lagi kemudian, atau log masuk dengan cara lain.
    .title = Penyedia tidak tersedia
problem-link-requires-sign-in = Sudah ada akaun di sini dengan alamat anda. Log masuk ke akaun itu sekali untuk memautkan log masuk ini.
    .title = Log masuk sekali untuk memautkan
problem-identity-in-use = Akaun lain di sini telah dipautkan dengan log masuk ini.
    .title = Dipautkan di tempat lain
problem-token-expired-or-used = Pautan ini sudah digunakan atau tamat tempoh. Sila minta yang baharu.
    .title = Pautan tidak sah lagi
problem-current-password-wrong = Kata laluan sekarang tidak betul.
    .title = Kata laluan tidak betul

# Salinan data sendiri, dan meninggalkan tempat ini.
account-data = Data anda
account-export = Salinan data anda
account-export-text = Semua yang disimpan tentang anda di sini, sebagai zip dengan satu dokumen JSON. Anda boleh mendapatkannya dua kali sehari.
account-export-get = Dapatkan salinan
account-erase = Padam akaun
account-erase-text = Anda dilog keluar di semua peranti, dan halaman awam anda hilang serta-merta. Selama 7 hari anda boleh berubah fikiran dengan log masuk. Selepas itu semua yang milik anda sahaja dipadam buat selama-lamanya.
account-erase-do = Padam akaun saya…
account-restore = Kekalkan akaun anda?
account-restore-text = Anda meminta akaun ini dipadam. Tekan butang untuk mengekalkannya, kemudian log masuk semula.
account-restore-do = Kekalkan akaun

# Mentadbir orang.
overview-title = Log
overview-figures = Angka
overview-people = Akaun
overview-signed-in = Log masuk dalam 30 hari
overview-administrators = Pentadbir
overview-sessions = Sesi yang terbuka
overview-tokens = Token
overview-suppressed = Alamat yang tidak menerima e-mel
overview-log = Apa yang berlaku pada akaun dan pada laman
overview-log-text = Tindakan tuan rumah di halaman mereka sendiri dicatat dalam log mereka sendiri.
overview-system = Kenduri
overview-token = Satu token
overview-gone = Seseorang yang akaunnya sudah tiada
overview-more = Baris yang lebih lama
people-title = Orang
people-search = Nama atau alamat
people-state = Keadaan
people-rank = Peranan dalam pemasangan
people-rank-none = Tiada
people-any = Mana-mana
people-show = Tunjukkan
people-none = Tiada sesiapa ditemui.
people-more = Tunjukkan lagi
people-active = Aktif
people-deactivated = Disekat
people-leaving = Akan dipadam
people-facts = Akaun sejak { $since }. { $last ->
    [none] Belum pernah log masuk.
   *[other] Kali terakhir log masuk { $last }.
} Sesi: { $sessions }. Token: { $tokens }.
people-erased-at = Akaun dipadam selepas { $at }.
people-deactivate = Sekat…
people-activate = Nyahsekat
people-sign-out = Log keluar di semua peranti…
people-rank-save = Simpan peranan
people-erase = Padam…
people-log = Apa yang berlaku pada akaun
people-done = Selesai.
people-unverified = Alamat belum disahkan
people-unverified-text = Orang ini boleh log masuk, tetapi tidak boleh menerbitkan apa-apa.
people-account = Akaun
people-help = Bantuan
people-reset = E-melkan pautan untuk kata laluan baharu
people-end = Sekat, atau padam
people-end-text = Disekat: tidak boleh log masuk, dan halaman awamnya disembunyikan. Dipadam: segala yang miliknya sahaja hilang, selepas 7 hari.
problem-account-unverified = Alamat akaun ini belum disahkan, jadi mungkin milik orang lain. Peranan diberi setelah alamat disahkan.
    .title = Alamat belum disahkan
problem-password-exists = Anda sudah ada kata laluan. Tukar dengan kata laluan sekarang.
    .title = Kata laluan sudah ada
problem-sign-in-page-required = Log masuk ke akaun ini di halaman /login laman ini.
    .title = Log masuk di halaman
problem-account-leaving = Akaun ini akan dipadam.
    .title = Akan dipadam
problem-active-obligations = Selesaikan yang ini dahulu, atau jadikan orang lain pemiliknya: { $obligations }.
    .title = Ada yang belum selesai
# Membuktikan sekali lagi siapa anda.
account-sudo = Sahkan bahawa ini anda
account-sudo-text = Anda log masuk lebih daripada 10 minit yang lalu. Untuk langkah ini kami meminta kata laluan anda sekali lagi.
account-sudo-factor-text = Anda log masuk lebih daripada 10 minit yang lalu. Untuk langkah ini kami meminta kata laluan dan kod sekali lagi.
account-sudo-link = Anda tiada kata laluan. Log keluar, kemudian log masuk dengan pautan baharu; selepas itu anda boleh meneruskan selama 10 minit.
account-sudo-confirm = Sahkan
account-sudo-next = Seterusnya, tanpa bertanya lagi:
account-sudo-undone = Tiada apa-apa yang diubah
account-sudo-undone-text = Ini mengambil masa terlalu lama, jadi tiada apa-apa yang diubah. Semua yang anda taip masih disimpan.
account-sudo-undone-send = Lakukan sekarang

# Mendaftar.
account-register = Cipta akaun
account-register-new = Baru di sini?
account-register-finish = Cipta akaun
account-register-bot = Biarkan medan ini kosong
account-slug = Alamat web (pilihan)
account-slug-hint = 2 hingga 50 huruf kecil, angka dan tanda sempang, seperti farah-ali.
account-slug-choose = Pilih alamat web anda sekarang (atau kemudian)
account-check-mail = Semak e-mel anda
account-check-mail-to = Kami telah menghantar e-mel kepada { $email }. Tekan butang di dalamnya dan anda terus log masuk.
account-check-mail-life = E-mel itu tiba dalam seminit dua dan sah selama 24 jam. Semak juga folder “Spam”.
account-check-mail-resend = Hantar sekali lagi
account-check-mail-change = Tukar alamat
account-check-mail-again = Sudah dihantar sekali lagi. Paling banyak satu e-mel seminit, jadi tunggu sebentar.

# Mengesahkan alamat.
account-verify = Sahkan alamat e-mel anda
account-verify-text = Adakah { $email } alamat anda, dan adakah anda meminta akaun di sini?
account-verify-proof = Ini bukan pelayar yang digunakan untuk mencipta akaun itu. Masukkan kata laluan akaun. Jika bukan anda yang menciptanya, pilih kata laluan baharu: sesiapa yang menciptanya akan dihalang.
account-verify-new = Atau kata laluan baharu
account-verify-new-hint = Sekurang-kurangnya 10 aksara. Semua yang sedang log masuk akan dilog keluar.
account-verify-finish = Sahkan alamat
account-verify-sign-in = Sahkan dan log masuk
account-verified = Alamat anda telah disahkan.
account-verified-text = Anda kini boleh menggunakan semuanya di sini.
account-verified-onward = Pergi ke halaman utama anda

# Terlupa kata laluan.
account-forgot = Masuk semula melalui e-mel
account-forgot-link = Terlupa kata laluan? Log masuk melalui e-mel
account-forgot-text = Masukkan alamat akaun anda, dan kami akan menghantar pautan melalui e-mel.
account-forgot-reset = Hantar pautan untuk menetapkan kata laluan baharu
account-forgot-sign-in = Hantar pautan untuk log masuk
account-forgot-sent = Semak e-mel anda
account-forgot-sent-text = Jika ada akaun dengan alamat ini, e-mel sedang dihantar. Pautan di dalamnya boleh digunakan sekali sahaja, dalam masa yang singkat.
account-reset = Tetapkan kata laluan baharu
account-reset-text = Semua yang sedang log masuk ke akaun anda akan dilog keluar.
account-reset-erases = Tiada sesiapa yang telah mengesahkan bahawa alamat e-mel ini milik anda. Oleh itu, semua yang dibuat dengan akaun ini akan dipadam. Untuk menyimpannya, log masuk dengan kata laluan anda dan sahkan alamat itu dahulu.
account-reset-tokens = Buang juga kunci laluan dan log masuk yang dipautkan, dan batalkan token program
account-reset-done = Kata laluan baharu berkuat kuasa
account-reset-done-text = Anda boleh log masuk dengannya sekarang. Selepas itu anda akan melihat apa yang masih anda kongsi dengan orang lain. Jemputan anda yang belum diterima telah ditarik balik.

# E-mel tentang pendaftaran dan masuk semula.
mail-verify-subject = Sahkan alamat anda untuk { $site }
mail-verify-text =
    Salam { $name },

    buka pautan ini dalam masa 24 jam untuk mengesahkan bahawa ini alamat e-mel anda:
    { $address }

    Jika anda tidak meminta akaun di { $site }, tiada apa yang perlu dibuat: tanpa pautan itu, akaun dibuang selepas seminggu.
mail-known-subject = Akaun anda di { $site }
mail-known-text =
    Salam { $name },

    seseorang mahu mencipta akaun di { $site } dengan alamat ini. Anda sudah mempunyai akaun, dan tiada apa yang diubah.

    Log masuk: { $sign_in }
    Tetapkan kata laluan baharu, dalam masa sejam: { $address }

    Jika bukan anda, tiada apa yang perlu dibuat.
mail-reset-subject = Kata laluan baharu untuk { $site }
mail-reset-text =
    Salam { $name },

    buka pautan ini dalam masa sejam untuk menetapkan kata laluan baharu:
    { $address }

    Jika anda tidak memintanya, tiada apa yang perlu dibuat. Kata laluan anda kekal.
mail-link-subject = Log masuk ke { $site }
mail-link-text =
    Salam { $name },

    pautan ini membolehkan anda log masuk, sekali sahaja dan dalam masa 24 jam:
    { $address }

    Jika anda tidak memintanya, tiada apa yang perlu dibuat. Jangan beri pautan ini kepada sesiapa.
mail-password-subject = Kata laluan anda di { $site } telah ditukar
mail-password-text =
    Salam { $name },

    pautan yang dihantar kepada anda telah digunakan untuk menetapkan kata laluan baharu. Semua yang log masuk telah dilog keluar.

    Masa: { $time }
    Dari: { $network }

    Jika bukan anda, seseorang boleh membaca e-mel anda. Tetapkan kata laluan lain sekarang, dan tukar kata laluan peti mel anda:
    { $address }

problem-email-unverified = Sahkan alamat e-mel anda dahulu: buka pautan yang dihantar kepada anda. Anda boleh memintanya dihantar semula di halaman akaun anda.
    .title = Alamat belum disahkan
problem-registrations-used-up = Beberapa orang baru sahaja mendaftar dari rangkaian anda. Sila cuba lagi selepas { $until }, atau gunakan pautan kumpulan.
    .title = Sila tunggu sebentar
problem-form-stale = Borang ini dihantar terlalu cepat, atau dibuka terlalu lama. Sila hantar sekali lagi.
    .title = Sila hantar sekali lagi
problem-password-required = Pautan dibuka dalam pelayar lain, jadi kata laluan juga diperlukan.
    .title = Kata laluan diperlukan
problem-invite-for-other-address = Jemputan ini untuk alamat e-mel lain.
    .title = Alamat lain

# Alamat e-mel sendiri.
account-address = Alamat e-mel akaun anda
account-address-now = Alamat anda
account-address-verified = Telah disahkan.
account-address-unverified = Belum disahkan. Buka pautan dalam e-mel yang kami hantar.
account-address-send = Hantar e-mel sekali lagi
account-address-sent = E-mel sedang dihantar. Buka pautan di dalamnya untuk meneruskan.
account-address-other = Guna alamat lain
account-address-other-text = Kami akan menghantar pautan ke alamat baharu. Perubahan berlaku apabila anda membukanya.
account-address-new = Alamat e-mel baharu
account-address-ask = Hantar pautan
account-change = Guna alamat baharu
account-change-text = Mulai sekarang anda log masuk dengan { $email }. Semua peranti lain akan dilog keluar.
account-changed = Alamat anda telah ditukar
account-changed-text = Log masuk dengan alamat baharu mulai sekarang. Pautan untuk membatalkan perubahan ini telah dihantar ke alamat lama anda.
account-undo = Dapatkan semula alamat lama
account-undo-text = Alamat akaun akan kembali kepada { $email }, dan semua yang log masuk akan dilog keluar. Kunci laluan, token program, dan faktor kedua yang disediakan dalam minggu sebelum perubahan itu atau selepasnya dibuang.
account-undone = Alamat anda telah dikembalikan
account-undone-text = Semua telah dilog keluar. Seseorang mungkin tahu kata laluan anda, jadi tetapkan yang baharu sekarang.
mail-change-subject = Sahkan alamat baharu anda untuk { $site }
mail-change-text =
    Salam { $name },

    buka pautan ini dalam masa 24 jam untuk menggunakan alamat e-mel ini bagi akaun anda di { $site }:
    { $address }

    Jika anda tidak memintanya, biarkan pautan itu.
mail-changed-subject = Alamat anda di { $site } telah ditukar
mail-changed-text =
    Salam { $name },

    akaun anda di { $site } kini mempunyai alamat e-mel lain.

    Masa: { $time }

    Jika bukan anda, pautan ini mengembalikan alamat lama, dan semua peranti dilog keluar. Pautan ini sah selama 7 hari:
    { $address }

# Jemputan ke pemasangan.
account-role-member = ahli
account-invites = Jemputan
account-invites-text = Orang yang anda jemput menerima pautan yang boleh digunakan sekali sahaja, selama 7 hari, dan untuk alamat ini sahaja.
account-invites-role = Sebagai
account-invites-create = Jemput
account-invites-sent = Jemputan sedang dihantar.
account-invites-removed = Jemputan itu tidak berfungsi lagi.
account-invites-until = Sah hingga { $until }.
account-invites-remove = Tarik balik
account-invites-link = Pautan jemputan
account-invites-copy = Pelayan ini tidak menghantar e-mel, jadi berikan pautan kepada orang yang anda jemput. Ia ditunjukkan sekali ini sahaja.
group-links-title = Pautan kumpulan
group-links-text = Bilik darjah atau pejabat sering berkongsi satu alamat internet, dan hanya beberapa orang boleh mendaftar daripadanya pada satu masa. Orang yang datang dengan pautan kumpulan dikira pada pautan itu. Mereka tetap mengesahkan alamat e-mel, dan tidak mendapat peranan.
group-links-for = Untuk
group-links-site = Seluruh laman
group-links-uses = Berapa orang
group-links-uses-hint = 2 hingga 200
group-links-days = Hari sehingga tamat
group-links-days-hint = 1 hingga 30
group-links-new = Pautan kumpulan baharu
group-links-create = Buat pautan
group-links-made = Pautan kumpulan boleh digunakan sekarang.
group-links-ended = Pautan kumpulan itu tidak berfungsi lagi.
group-links-used = { $used } daripada { $uses } digunakan. Sah hingga { $until }.
group-links-end = Tamatkan pautan ini
mail-invite-subject = Anda dijemput ke { $site }
mail-invite-text =
    Salam,

    { $by } menjemput anda ke { $site }. Buka pautan ini dalam masa 7 hari untuk mencipta akaun anda:
    { $address }

# Faktor kedua.
account-mfa = Masukkan kod anda
account-mfa-code = Kod
account-mfa-hint = Enam digit yang ditunjukkan oleh aplikasi pengesah anda sekarang, atau salah satu kod pemulihan anda.
account-factors = Faktor kedua
account-factors-required = Akaun anda memerlukan faktor kedua di sini: aplikasi pengesah atau kunci laluan. Halaman lain terbuka selepas anda menyediakannya.
account-factors-required-pending = Akaun anda memerlukan faktor kedua di sini: aplikasi pengesah atau kunci laluan. Sahkan alamat e-mel anda dahulu, dengan pautan yang dihantar kepada anda. Kemudian sediakannya di halaman ini, dan halaman lain akan terbuka.
account-factors-pending = Tiada. Sahkan alamat e-mel anda dahulu, dengan pautan yang dihantar kepada anda; selepas itu ia boleh disediakan di sini.
account-factors-off = Tiada. Dengan faktor kedua, kata laluan atau peti mel yang dicuri tidak memadai untuk log masuk: kod daripada aplikasi di telefon anda diperlukan juga.
account-factors-on = Kod aplikasi pengesah diperlukan sejak { $since }. { $left ->
    [0] Tiada kod pemulihan yang tinggal.
   *[other] { $left } kod pemulihan masih tinggal.
}
account-factors-remove = Buang faktor kedua…
account-factors-remove-text = Kod pemulihan anda turut dibuang, dan semua peranti lain akan dilog keluar.
account-done-factor = Faktor kedua telah dibuang. Semua peranti lain telah dilog keluar.
account-totp = Sediakan aplikasi pengesah
account-totp-open = Buka dalam aplikasi pengesah pada peranti ini
account-totp-text = Imbas gambar dengan aplikasi pengesah, atau taip kunci ke dalamnya. Kemudian masukkan kod yang ditunjukkan.
account-totp-picture = Kod QR bagi kunci
account-totp-secret = Kunci
account-totp-hint = Enam digit. Selepas itu kod diperlukan setiap kali log masuk.
account-totp-confirm = Sahkan kod
account-recovery-codes = Kod pemulihan
account-recovery-codes-text = Simpan kod ini di tempat yang hanya anda tahu: setiap kod menggantikan aplikasi sekali, jika anda kehilangannya. Kod hanya ditunjukkan sekali ini, dan kod terdahulu tidak berfungsi lagi.
account-recovery-codes-kept = Saya sudah menyimpannya
account-recovery-codes-save = Simpan sebagai fail
account-recovery-codes-renew = Buat kod pemulihan baharu…
problem-mfa-code-invalid = Kod tidak betul, atau sudah digunakan. Tunggu kod seterusnya.
    .title = Kod tidak betul
problem-password-or-code-wrong = Kata laluan atau kod tidak betul. Setiap kod berfungsi sekali: tunggu kod seterusnya.
    .title = Kata laluan atau kod tidak betul
problem-mfa-token-invalid = Masa sudah tamat, atau terlalu banyak cubaan. Sila log masuk semula dari awal.
    .title = Log masuk semula
problem-mfa-enrolled = Akaun anda sudah ada faktor kedua. Buang yang itu dahulu.
    .title = Faktor kedua sudah digunakan
problem-mfa-not-enrolled = Akaun anda tiada faktor kedua.
    .title = Tiada faktor kedua
problem-mfa-enrolment-required = Akaun anda memerlukan faktor kedua di sini. Sediakannya dahulu di bawah “Kata laluan dan akses”.
    .title = Faktor kedua diperlukan
mail-recovery-code-subject = Kod pemulihan digunakan di { $site }
mail-recovery-code-text =
    Salam { $name },

    seseorang telah log masuk ke akaun anda di { $site } dengan salah satu kod pemulihan anda.

    Masa: { $time }
    Dari: { $network }
    Baki kod pemulihan: { $left }

    Jika ini anda, tiada apa-apa perlu dibuat; buat kod baharu sebelum kod habis. Jika bukan, tukar kata laluan anda sekarang dan buat kod pemulihan baharu:
    { $address }
mail-factor-removed-subject = Faktor kedua anda di { $site } telah dibuang
mail-factor-removed-text =
    Salam { $name },

    akaun anda di { $site } tiada faktor kedua lagi: kata laluan atau pautan log masuk sudah memadai semula. Semua peranti lain telah dilog keluar.

    Masa: { $time }
    Dari: { $network }

    Jika ini anda, tiada apa-apa perlu dibuat. Jika bukan, tukar kata laluan anda sekarang:
    { $address }

# Faktor kedua yang ditetapkan semula oleh pentadbir.
account-factors-reset-at = Seorang pentadbir mahu faktor kedua dan kunci laluan anda dibuang pada { $at }, kerana dikatakan hilang.
account-factors-keep = Kekalkan faktor saya
account-factors-keep-text = Seorang pentadbir mahu faktor kedua dan kunci laluan akaun anda dibuang, kerana dikatakan hilang. Tekan butang untuk mengekalkannya.
account-factors-kept = Faktor anda dikekalkan
account-factors-kept-text = Faktor kedua dan kunci laluan anda kekal seperti sedia ada.
account-sudo-passkey = Sahkan dengan kunci laluan
account-sudo-passkey-text = Anda log masuk lebih daripada 10 minit yang lalu. Untuk langkah ini kami meminta kunci laluan anda sekali lagi.
people-duties = Tugas
people-duties-text = Selain peranan, orang ini ialah
people-duties-save = Simpan tugas
people-factors = Faktor kedua
people-factors-text = Jika orang ini kehilangan aplikasi pengesah, kod pemulihan dan semua kunci laluan, minta supaya semuanya dibuang. Orang itu diberitahu melalui e-mel dan boleh mengekalkannya dalam masa 24 jam; selepas itu semuanya dibuang, dan sesiapa yang sedang log masuk ke akaun itu dilog keluar.
people-factors-reset = Buang dalam 24 jam
people-factors-keep = Jangan buang
people-factors-reset-at = Faktor kedua dan kunci laluan dibuang selepas { $at }.
people-export = Salinan data
people-export-text = Semua yang disimpan tentang orang ini, seperti yang boleh diperolehnya sendiri. Orang itu diberitahu melalui e-mel.
people-export-get = Dapatkan salinan
problem-account-deactivated = Akaun ini disekat. Nyahsekat akaun itu dahulu.
    .title = Disekat
problem-address-suppressed = Tiada e-mel dihantar ke alamat akaun ini buat masa ini, jadi orang itu tidak akan tahu. Pengendali pelayan boleh membuang faktor itu serta-merta: kenduri owner reset-factors.
    .title = Tiada e-mel ke sana
problem-account-without-factors = Akaun ini tiada faktor kedua dan tiada kunci laluan.
    .title = Tiada apa untuk dibuang
mail-factor-reset-subject = Faktor kedua anda di { $site } akan dibuang
mail-factor-reset-text =
    Salam { $name },

    seorang pentadbir { $site } telah diberitahu bahawa anda kehilangan faktor kedua dan kunci laluan anda. Semuanya akan dibuang, dan sesiapa yang sedang log masuk ke akaun anda akan dilog keluar:

    Masa: { $time }

    Jika anda yang memintanya, tiada apa-apa yang perlu dibuat. Jika bukan, kekalkan semuanya dengan pautan ini sebelum masa itu:
    { $address }
mail-factors-reset-subject = Faktor kedua anda di { $site } telah dibuang
mail-factors-reset-text =
    Salam { $name },

    akaun anda di { $site } tiada faktor kedua dan kunci laluan lagi, dan sesiapa yang sedang log masuk telah dilog keluar.

    Masa: { $time }

    Log masuk dengan kata laluan anda, atau minta pautan melalui e-mel, dan sediakan faktor kedua semula:
    { $address }
mail-exported-subject = Salinan data anda di { $site } telah dibuat
mail-exported-text =
    Salam { $name },

    { $by }, pemilik { $site }, telah menerima salinan semua yang disimpan tentang anda di sana.

    Masa: { $time }

    Jika anda yang memintanya, tiada apa-apa yang perlu dibuat. Anda sendiri boleh mendapatkan salinan yang sama:
    { $address }

# Apa yang berlaku pada akaun, menurut lognya.
event-account-activated = Dinyahsekat
event-account-deactivated = Disekat
event-account-erased = Akaun telah dipadam
event-account-erasure-asked = Meminta akaun dipadam
event-account-erasure-ordered = Pentadbir meminta akaun dipadam
event-account-exported = Salinan data telah dibuat
event-account-registered = Mendaftar
event-account-renamed = Menukar alamat web
event-account-reset-sent = Pentadbir menghantar pautan kata laluan baharu melalui e-mel
event-account-restored = Mengekalkan akaun
event-account-signed-out = Dilog keluar di semua peranti oleh pentadbir
event-site-look-changed = Menukar halaman utama atau menu
event-email-changed = Menukar alamat e-mel
event-email-restored = Membatalkan penukaran alamat e-mel
event-email-verified = Mengesahkan alamat e-mel
event-factor-reset-asked = Pentadbir meminta faktor kedua dibuang
event-factor-reset-cancelled = Faktor kedua dikekalkan
event-factor-reset-done = Faktor kedua dan kunci laluan telah dibuang
event-grant-changed = Menerima peranan lain
event-grant-given = Menerima peranan
event-grant-removed = Kehilangan peranan
event-group-link-created = Pautan kumpulan telah dibuat
event-group-link-ended = Pautan kumpulan telah ditamatkan
event-identity-linked = Memautkan log masuk melalui penyedia
event-identity-removed = Membuang log masuk melalui penyedia
event-invite-created = Jemputan telah dibuat
event-invite-withdrawn = Jemputan telah ditarik balik
event-owner-created = Menjadi pemilik melalui konsol pelayan
event-passkey-added = Menambah kunci laluan
event-passkey-copied = Kunci laluan yang mungkin telah disalin cuba digunakan
event-passkey-removed = Membuang kunci laluan
event-password-changed = Menukar kata laluan
event-password-reset = Menetapkan kata laluan baharu melalui pautan e-mel
event-password-set = Menetapkan kata laluan pertama
event-profile-changed = Mengubah profil
event-recovery-codes-renewed = Membuat kod pemulihan baharu
event-refresh-reused = Sebuah program menunjukkan kunci yang sudah digunakan; sesinya ditamatkan
event-second-factor-added = Menyediakan faktor kedua
event-second-factor-failed = Memasukkan kod yang salah pada langkah kedua
event-second-factor-proved = Melepasi langkah kedua
event-second-factor-removed = Membuang faktor kedua
event-session-revoked = Satu sesi telah ditamatkan
event-session-signed-out = Log keluar
event-sign-in-failed = Seseorang cuba log masuk dengan kata laluan yang salah
event-site-imported = Laman yang lebih lama diimport
event-sign-in-succeeded = Log masuk
event-suppression-added = Satu alamat dimasukkan ke dalam senarai alamat tanpa e-mel
event-suppression-lifted = Satu alamat dikeluarkan daripada senarai alamat tanpa e-mel
event-sudo-proved = Mengesahkan identitinya
event-token-created = Token telah dibuat
event-token-revoked = Token telah dibatalkan
event-webhook-created = Webhook telah dibuat
event-webhook-deleted = Webhook telah dipadam
event-webhook-rotated = Webhook diberi rahsia baharu
# Alamat yang tidak menerima e-mel.
suppressed-title = Tanpa e-mel
suppressed-text = Tiada e-mel dihantar ke alamat ini, atau tiada e-mel daripada jenis tertentu. Sebelum membenarkannya semula, pastikan sebabnya sudah tiada: laman yang menghantar e-mel ke alamat yang tidak wujud cepat dianggap penghantar spam.
suppressed-none = Setiap alamat menerima e-melnya.
suppressed-unknown = Alamat yang tidak lagi diketahui di sini ({ $hash }…)
suppressed-soft-bounce = E-mel ditolak tiga kali dalam seminggu; penghantaran ditangguhkan seminggu
suppressed-unsubscribe = Berhenti melanggan sejenis e-mel
suppressed-hard-bounce = Pelayan mel mengatakan alamat ini tidak wujud
suppressed-complaint = E-mel dilaporkan sebagai tidak diingini
suppressed-manual = Pentadbir menghentikan e-mel
suppressed-lift = Benarkan e-mel semula
suppressed-lifted = E-mel dihantar ke situ semula.
suppressed-more = Yang terdahulu
account-mail-receive = Hantar pautan kepada saya
account-mail-receive-text = Jika alamat ini berfungsi dan anda mahu menerima e-mel semula, minta satu e-mel dihantar. Buka pautan di dalamnya, dan semua e-mel dihantar seperti biasa. Satu e-mel begini dihantar sehari.
account-newsletters = Surat berita
account-newsletters-save = Simpan
account-newsletters-saved = Disimpan.
account-mail-subscribe = Hantar e-mel sejenis ini semula
account-mail-subscribed = Anda menerima e-mel sejenis ini semula.
account-receive = Terima e-mel semula
account-receive-text = E-mel ini telah sampai ke { $email }. Tekan butang untuk menerima e-mel di situ semula.
account-received = Anda menerima e-mel semula
account-received-text = E-mel dihantar ke alamat anda seperti biasa.
mail-receive-subject = Adakah e-mel daripada { $site } sampai?
mail-receive-text =
    Salam { $name },

    { $site } tidak menghantar e-mel ke alamat ini buat masa ini, kerana e-mel dipulangkan atau dilaporkan sebagai tidak diingini. Untuk menerima e-mel semula, buka pautan ini dalam masa 24 jam:
    { $address }

    Jika anda tidak mahu menerima e-mel, tiada apa yang perlu dibuat.
unsubscribe-title = Berhenti melanggan
unsubscribe-text = Tekan butang dan { $site } tidak lagi menghantar e-mel sejenis ini ke alamat anda. Anda masih menerima jawapan kepada tindakan anda sendiri, dan e-mel tentang keselamatan akaun anda.
unsubscribe-done = Selesai. { $site } tidak lagi menghantar e-mel sejenis ini ke alamat anda.
problem-signature-invalid = Tandatangan panggilan balik tiada atau salah, atau panggilan balik itu sudah terlalu lama.
    .title = Tandatangan tidak sah

# Nama dalam alamat awam.
cards-begin = Selamat datang, { $name }. Apa yang anda ingin mulakan?
cards-begin-title = Mulakan sesuatu
cards-as = Log masuk sebagai { $name }.
cards-notices = { $count } makluman baharu
cards-all = Semua { $count }
cards-private = Tiada apa-apa menjadi awam sehingga anda memutuskannya.
cards-confirmed = Alamat anda telah disahkan dan anda sudah log masuk.
cards-invited = Dijemput ke sesuatu?
cards-invited-text = Buka pautan dalam jemputan anda, atau taip kod pada kad anda.
cards-code = Taip kod
account-pending = Sahkan alamat anda supaya anda boleh menerbitkan sesuatu. Kami telah menghantar e-mel kepada anda: tekan butang di dalamnya.
profile-title = Profil
profile-text = Nama anda dipaparkan di sebelah apa yang anda kongsi, dan maklumat awam yang lain di halaman awam anda, sebaik sahaja ada. Jika laman ini milik anda dan belum ada pengenalan, kata-kata tentang diri anda turut dipaparkan di halaman utamanya.
profile-public = Untuk semua orang
profile-private = Untuk anda sahaja
profile-bio = Tentang anda
profile-location = Lokasi anda
profile-website = Laman web
profile-website-hint = Alamat yang bermula dengan https://
profile-real-name = Nama penuh
profile-real-name-hint = Nama ini tidak sekali-kali dipaparkan kepada orang lain.
profile-zone = Zon waktu
profile-zone-hint = Masa dipaparkan mengikut zon ini, di halaman dan dalam e-mel. Nama bandar seperti Kuala Lumpur sudah memadai.
profile-save = Simpan
profile-changed = Profil anda telah disimpan.
slug-title = Alamat web
slug-now = Alamat web anda ialah
slug-none = Belum ada. Anda akan mendapat satu, yang dibentuk daripada nama anda, apabila sesuatu milik anda buat pertama kali boleh dilihat orang lain.
slug-alias = { $slug } membawa ke situ hingga { $until }
slug-other = Tukar alamat web anda
slug-text = 2 hingga 50 huruf a hingga z, angka, dan tanda sempang di antaranya. Alamat lama membawa ke alamat baharu selama 180 hari, dan orang lain tidak mendapatnya dalam masa itu; anda boleh mengambilnya semula.
slug-left = { $count ->
    [0] Anda telah menukarnya tiga kali dalam 30 hari, jadi anda perlu menunggu sebelum menukarnya lagi.
   *[other] Anda boleh menukarnya { $count } kali lagi sekarang.
}
slug-new = Alamat web baharu
slug-save = Tukar
slug-changed = Alamat web anda telah ditukar.

# Kenalan dipercayai.
trusted-title = Kenalan dipercayai
trusted-text = Mereka dapat melihat perkara yang anda tunjukkan kepada kenalan dipercayai, selagi mereka log masuk.
trusted-none = Belum ada.
trusted-add = Tambah seseorang
trusted-slug = Alamat web mereka
trusted-slug-hint = Mereka menemuinya di “Alamat web”, dan boleh memilihnya di sana.
trusted-add-button = Tambah
trusted-remove = Buang
trusted-added = Kenalan dipercayai telah ditambah.
trusted-removed = Kenalan dipercayai telah dibuang.
problem-person-unknown = Tiada orang lain dengan alamat web ini.
    .title = Orang tidak dikenali

# Apa yang dikongsi dengan orang lain.
shared-title = Perkongsian
shared-text = Orang yang dapat melihat atau mengubah sesuatu milik anda, dan alamat yang diberitahu tentangnya. Jika orang lain pernah menggunakan akaun anda, mereka mungkin telah menambah diri mereka di sini.
shared-none = Anda tidak berkongsi apa-apa dengan sesiapa.
shared-end = Tamatkan
shared-ended = Ia telah ditamatkan.
shared-trusted = Kenalan dipercayai

# How the site presents itself, for owners.
look-title = Laman anda
look-see = Lihat laman
look-saved = Disimpan.
look-save = Simpan
look-preview = Pratonton
look-look = Rupa
look-paper = Kertas
look-paper-about = Tenang. Huruf dan garis halus di atas kertas putih.
look-veranda = Serambi
look-veranda-about = Mesra. Hijau daun jendela, bata dan kayu berukir.
look-market = Pasar malam
look-market-about = Meriah. Lampu di atas jalan yang gelap.
look-both = Setiap satu ada versi cerah dan gelap; peranti pelawat yang memilih. Jemputan kekal dengan rupanya sendiri.
look-accent-own = Guna warna saya sendiri untuk butang, pautan dan angka
look-accent = Warna anda
look-accent-hint = Jika tidak boleh dibaca, warna itu digelapkan atau dicerahkan.
look-accent-light = Di halaman cerah warna anda ialah { $color }, supaya semua orang boleh membacanya.
look-accent-dark = Di halaman gelap warna anda ialah { $color }, supaya semua orang boleh membacanya.
look-first = Halaman utama
look-home = Yang mula-mula dilihat pelawat
look-home-site = Pengenalan, potret dan yang terbaharu
look-home-which = Yang mana
look-home-which-hint = Hanya jika pilihan di atas menyatakan dalam kurungan apa yang perlu ditulis.
look-sentence = Ayat pertama anda
look-sentence-hint = Sehingga 80 aksara. Ayat ini menggantikan “Selamat datang”.
look-introduction = Pengenalan
look-introduction-hint = Dua atau tiga baris di bawahnya. Jika tiada, kata-kata profil anda yang dipaparkan.
look-account = Laman siapa
look-account-first = Pemilik pertama
look-menu = Menu
look-menu-hint = 1 yang pertama. Yang tiada nombor tidak dipaparkan, dan tidak pernah lebih daripada tujuh.
look-portrait = Potret
look-portrait-alt = Keterangan gambar
look-portrait-alt-hint = Untuk mereka yang tidak melihatnya: “Farah di serambi rumahnya”.
look-portrait-save = Simpan potret
look-icon = Ikon
look-icon-about = Gambar kecil segi empat sama untuk tab pelayar dan penanda halaman.
look-icon-save = Simpan ikon
look-file = Gambar (JPEG, PNG atau WebP)
look-remove = Buang

# What people are told on the site.
notification-title = Makluman
notification-none = Tiada yang baharu.
notification-new = Baharu
notification-read-all = Tandakan semua sudah dibaca
notification-by-mail = Hantar juga kepada saya melalui e-mel
notification-save = Simpan
notification-saved = Disimpan.
notification-first-page = Halaman utama memaparkan isi laman, kerana { $about } tidak lagi terbuka kepada umum.
notification-mail-subject = Makluman daripada { $site }
notification-mail-text =
    Salam { $name },

    { $said }

    { $address }

# Webhooks.
webhooks = Webhook
webhooks-text = Apabila sesuatu berlaku pada apa yang anda simpan di sini, mesej dihantar ke alamat-alamat ini.
webhook-new = Webhook baharu
webhook-url = Alamat
webhook-url-hint = https:// dan hos di internet.
webhook-events = Apa yang dihantar
webhook-notes = Dengan catatan set semula
webhook-secret = Rahsia ini menandatangani apa yang dihantar. Ia ditunjukkan sekali ini sahaja.
webhook-test = Hantar ujian
webhook-rotate = Rahsia baharu
webhook-sent = Ujian sedang dihantar. Lihat semula sebentar lagi.
webhook-active = Aktif
webhook-failing = Mesej tidak sampai
webhook-disabled = Dimatikan, sehingga satu ujian sampai
webhook-delivery-waiting = menunggu
webhook-delivery-delivered = sampai
webhook-delivery-failed = gagal
mail-webhook-subject = Satu webhook telah dimatikan
mail-webhook-text =
    Salam { $name },

    Mesej daripada { $site } ke { $url } tidak sampai, atau tidak dikehendaki lagi. Sejak { $time } tiada apa-apa dihantar ke sana.

    Hantar ujian untuk menghidupkan webhook itu semula:
    { $address }
problem-webhook-url-refused = Hanya alamat https bagi hos di internet boleh dipanggil.
    .title = Alamat tidak dibenarkan
shared-webhook = Webhook: diberitahu tentang apa yang berlaku di sini
webhook-deleted = Webhook itu telah dipadam.
webhook-save = Simpan
webhook-delete = Padam…

# Halaman yang bertanya sebelum sesuatu dilakukan.
question-happens = Ini berlaku serta-merta:
question-back = Kembali, jangan ubah apa-apa
question-block = Sekat { $name }?
question-block-facts =
    { $sessions ->
        [0] Tiada sesiapa log masuk ke akaun ini sekarang.
       *[other] { $sessions } peranti dilog keluar.
    }
    Tiada sesiapa boleh log masuk ke akaun ini atau menetapkan kata laluan baharu.
    Halaman awam orang ini disembunyikan.
question-block-undo = Anda boleh menyahsekat orang ini di halaman yang sama. Tiada e-mel dihantar.
question-block-do = Sekat
question-block-confirm = Sahkan dan sekat
question-sign-out = Log keluar { $name } di semua peranti?
question-sign-out-facts =
    { $sessions ->
        [0] Tiada sesiapa log masuk ke akaun ini sekarang.
       *[other] { $sessions } peranti dilog keluar.
    }
question-sign-out-undo = Orang itu boleh log masuk semula. Tiada e-mel dihantar.
question-sign-out-do = Log keluar di semua peranti
question-sign-out-confirm = Sahkan dan log keluar
question-erase = Padam { $name }?
question-erase-facts =
    Setiap peranti dilog keluar, dan halaman awam orang ini hilang. { $caches }
    Selepas 7 hari segala yang miliknya sahaja dipadam buat selama-lamanya.
question-erase-undo = Sebelum itu orang tersebut boleh mengekalkan akaun dengan log masuk.
question-erase-do = Padam
question-erase-confirm = Sahkan dan padam
question-leave = Padam akaun anda?
question-leave-facts =
    Anda dilog keluar di semua peranti, dan halaman awam anda hilang. { $caches }
    Selepas 7 hari segala yang milik anda sahaja dipadam buat selama-lamanya.
question-leave-undo = Sebelum itu anda boleh berubah fikiran dengan log masuk.
question-leave-do = Padam akaun saya
question-leave-confirm = Sahkan dan padam
question-sessions = Log keluar di semua peranti lain?
question-sessions-facts =
    Setiap pelayar dan program lain yang log masuk ke akaun anda dilog keluar.
    Jemputan anda yang belum diterima ditarik balik.
question-sessions-undo = Anda kekal log masuk di sini, dan boleh log masuk semula di tempat lain.
question-sessions-do = Log keluar di semua peranti lain
question-sessions-confirm = Sahkan dan log keluar
question-passkey = Buang kunci laluan “{ $called }”?
question-passkey-facts = Tiada sesiapa boleh log masuk dengannya lagi.
question-passkey-undo = Anda boleh menambah kunci laluan semula pada bila-bila masa.
question-passkey-do = Buang
question-passkey-confirm = Sahkan dan buang
question-factor = Buang faktor kedua anda?
question-factor-facts =
    Kata laluan anda sahaja sudah cukup untuk log masuk.
    Kod pemulihan anda tidak berfungsi lagi.
question-factor-undo = Anda boleh menyediakan faktor kedua semula pada bila-bila masa.
question-factor-do = Buang
question-factor-confirm = Sahkan dan buang
question-codes = Buat kod pemulihan baharu?
question-codes-facts =
    Kod pemulihan anda sekarang tidak berfungsi lagi.
    Anda melihat sepuluh kod baharu, sekali ini sahaja.
question-codes-undo = Kod lama tidak dapat dikembalikan.
question-codes-do = Buat kod baharu
question-codes-confirm = Sahkan dan buat kod baharu
question-token = Buang token “{ $called }”?
question-token-facts = Program yang menggunakannya ditolak.
question-token-undo = Token itu tidak dapat dikembalikan, tetapi anda boleh membuat yang lain.
question-token-do = Buang
question-token-confirm = Sahkan dan buang
question-webhook = Padam webhook { $called }?
question-webhook-facts = Tiada apa-apa dihantar ke alamat ini lagi, dan rahsianya hilang.
question-webhook-undo = Anda boleh membuat yang lain, dengan rahsia lain.
question-webhook-do = Padam
question-webhook-confirm = Sahkan dan padam

mail-passkey-added = Kunci laluan ditambah pada akaun anda di { $site }
    .what = kunci laluan “{ $label }” telah ditambah. Ia boleh log masuk tanpa kata laluan anda.
mail-passkey-removed = Kunci laluan akaun anda di { $site } dibuang
    .what = kunci laluan “{ $label }” telah dibuang. Semua peranti lain telah dilog keluar.
mail-factor-added = Faktor kedua ditambah pada akaun anda di { $site }
    .what = aplikasi pengesah kini diperlukan untuk log masuk.
mail-recovery-codes-renewed = Kod pemulihan baharu untuk akaun anda di { $site }
    .what = kod pemulihan baharu telah dibuat. Kod yang lama tidak lagi berfungsi.
mail-identity-linked = Penyedia log masuk dipautkan pada akaun anda di { $site }
    .what = log masuk dengan { $label } telah dipautkan.
mail-identity-removed = Penyedia log masuk dibuang daripada akaun anda di { $site }
    .what = log masuk dengan { $label } telah dibuang. Semua peranti lain telah dilog keluar.
mail-token-created = Token dibuat untuk akaun anda di { $site }
    .what = token “{ $label }” telah dibuat. Sebuah program boleh menggunakan akaun anda dengannya.
mail-token-revoked = Token akaun anda di { $site } dibatalkan
    .what = token “{ $label }” telah dibatalkan. Tiada program boleh menggunakannya lagi.
mail-credential-text =
    Salam { $name },

    akaun anda di { $site } telah berubah: { $what }

    Masa: { $time }
    Dari: { $network }

    Jika ini anda, tiada apa-apa perlu dibuat. Jika bukan, tukar kata laluan anda sekarang, dan semak apa lagi yang boleh menggunakan akaun anda:
    { $address }

# The menu.
account-email-tab = E-mel
account-programs = Program
people-everybody = Semua orang
