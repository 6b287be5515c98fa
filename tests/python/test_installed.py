#!/usr/bin/python3
# test_installed.py - the other tests once more, with what was installed into a folder of its own
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test_installed.py BUILD"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = sys.argv[1]
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = {'__init__.py', '_coroutines.py', '_enums.py', '_errors.py', '_installed.py', '_library.py', '_loop.py',
           '_mail.py', '_options.py', '_run.py', '_starter.py', '_task.py', '_threads.py', '_values.py', 'common.py',
           'py.typed'}


class Installed(unittest.TestCase):
    """No variable says where the library and its typelib are: the package knows."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='chihuo-python-')
        cls.addClassCleanup(folder.cleanup)
        subprocess.run([shutil.which('meson'), 'install', '-C', BUILD, '--no-rebuild', '--destdir', folder.name],
                       check=True, stdout=subprocess.DEVNULL)
        cls.package = next(at for at, _, names in os.walk(folder.name) if '_installed.py' in names)
        cls.move(folder.name)

    @classmethod
    def move(cls, folder):
        """Lets the package know that it does not stand where it was made for."""
        path = os.path.join(cls.package, '_installed.py')
        with open(path, encoding='utf-8') as file:
            text = file.read()
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text.replace("FOLDER = '", "FOLDER = '" + folder))

    def run_python(self, *arguments):
        others = {name: value for name, value in os.environ.items()
                  if name not in ('GI_TYPELIB_PATH', 'LD_LIBRARY_PATH')}
        return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=200, check=False,
                              env=others | {'PYTHONPATH': os.path.dirname(self.package)})

    def test_all_of_it_is_there(self):
        self.assertEqual(set(os.listdir(self.package)) - {'__pycache__'}, MODULES)

    def test_where_it_comes_from(self):
        done = self.run_python('-c', 'import chihuo, gi; print(chihuo.__file__, chihuo.__version__, '
                               'gi.Repository.get_default().get_typelib_path("Chihuo"))')
        self.assertEqual(done.returncode, 0, done.stderr)
        path, version, typelib = done.stdout.split()
        self.assertEqual(path, os.path.join(self.package, '__init__.py'))
        self.assertEqual(version, '1.0.0')
        self.assertTrue(typelib.startswith(self.package.split('/usr/')[0]), typelib)

    def test_the_others(self):
        for name in 'asyncio', 'examples', 'run', 'tasks', 'values':
            done = self.run_python(os.path.join(HERE, 'test_%s.py' % name))
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
