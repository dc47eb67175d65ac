## Hosts: the page about mail and DNS

server-mail = E-mel dan DNS
server-mail-text = E-mel dihantar atas nama { $domain }. Penerima memeriksa dalam DNS domain itu sama ada hal itu benar; tanpa rekod ini, e-mel sering berakhir sebagai spam.
server-mail-mailbox = E-mel kekal dalam peti mel laman ini dan tidak dihantar kepada sesiapa. Dalam kenduri.toml, mail.url menamakan pelayan mel.
server-mail-signed = E-mel ditandatangani.
server-mail-not-signed = E-mel belum ditandatangani: kunci tiada dalam DNS. Terbitkan rekod di bawah, kemudian periksa semula.
server-mail-records = Rekod domain
server-mail-look = Periksa semula
server-mail-spf = SPF: siapa boleh menghantar
server-mail-dkim = DKIM: kunci
server-mail-dmarc = DMARC: apa yang dibuat dengan yang lain
server-mail-there = Ada
server-mail-missing = Tiada
server-mail-unknown = Tiada pelayan nama menjawab
server-mail-instead = Yang ada:
server-mail-sign = Tandatangani e-mel
server-mail-sign-text = Kenduri membuat kunci dan menyimpannya bermeterai. Bahagian awamnya dimasukkan ke dalam DNS; setelah dilihat di situ, setiap e-mel ditandatangani.
server-mail-make-key = Buat kunci
server-mail-waiting = E-mel kepada ramai ditangguhkan: ia dihantar setelah semua rekod di bawah ada. E-mel kepada seorang, seperti pautan log masuk dan pengesahan, tetap dihantar.
server-mail-bounces = E-mel yang dipulangkan
server-mail-bounces-read = Dibaca pada { $when }.
server-mail-bounces-error = Peti mel ini tidak dapat dibaca pada { $when }:
server-mail-bounces-never = Peti mel ini belum dibaca.
