## Hosts: the page about mail and DNS

server-mail = Mail and DNS
server-mail-text = Mail is sent as coming from { $domain }. Receivers check in its DNS whether that is true; without these records it often ends up as spam.
server-mail-mailbox = Emails stay in the mailbox of this site and are sent to nobody. In kenduri.toml, mail.url names a mail server.
server-mail-signed = Mail is signed.
server-mail-not-signed = Mail is not signed yet: the key is not in DNS. Publish the record below, then look again.
server-mail-records = Records of the domain
server-mail-look = Look again
server-mail-spf = SPF: who may send
server-mail-dkim = DKIM: the key
server-mail-dmarc = DMARC: what to do with the rest
server-mail-there = There
server-mail-missing = Missing
server-mail-unknown = No name server answers
server-mail-instead = There is:
server-mail-sign = Sign mail
server-mail-sign-text = Kenduri makes a key and keeps it sealed. Its public part goes into DNS; once it is seen there, every email is signed.
server-mail-make-key = Make a key
server-mail-waiting = Mail to many waits: it leaves once all records below are there. Mail to one person, such as sign-in links and confirmations, leaves anyway.
server-mail-bounces = Mail that comes back
server-mail-bounces-read = Read at { $when }.
server-mail-bounces-error = This mailbox could not be read at { $when }:
server-mail-bounces-never = This mailbox has not been read yet.
