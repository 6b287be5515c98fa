#!/usr/bin/python3
# fetch.py - fetches a list of URLs politely: few at a time, with pauses, again where that may help
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""fetch.py LIST FOLDER

LIST has a URL a line. What is fetched is not fetched again, however often this is killed.
"""

import email.utils
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import chihuo

PAUSE = float(os.environ.get('FETCH_PAUSE', 1))  # seconds between two requests of one slot


class Fetcher(chihuo.ChihuoLoop):
    NAME = 'fetch'
    CONCURRENCY = 4

    def __init__(self, urls, folder):
        queue = {'backend': 'sqlite', 'path': os.path.join(folder, 'queue.db')}
        super().__init__(server_config=queue, run_forever=False, linger=60, max_tries=5)
        self.urls = urls
        self.folder = folder

    def start(self):
        self.add_task(*((url, {}) for url in self.urls), timeout=300)

    def make_task(self, url, info):
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                self.save(url, answer.read())
        except urllib.error.HTTPError as error:
            self.refused(error)
        else:
            self.task_finish(url)
        self.sleep(PAUSE)

    def save(self, url, content):
        path = os.path.join(self.folder, urllib.parse.quote(url, safe=''))
        with open(path + '.part', 'wb') as file:
            file.write(content)
        os.replace(path + '.part', path)

    def refused(self, error):
        """If a server says when to come again, so be it; what is gone is gone; the rest comes again."""
        task = self.current_task
        if 'Retry-After' in error.headers:
            task.postpone(seconds_until(error.headers['Retry-After']))
        elif 400 <= error.code < 500:
            task.reject(error)
        else:
            raise error


def seconds_until(when):
    if when.isdigit():
        return int(when)
    return max(0, email.utils.parsedate_to_datetime(when).timestamp() - time.time())


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding='utf-8') as file:
        urls = file.read().split()
    os.makedirs(sys.argv[2], exist_ok=True)
    return chihuo.run(Fetcher(urls, sys.argv[2]))


if __name__ == '__main__':
    sys.exit(main())
