# -*- coding: latin-1 -*-
print(ascii('äö'))
raise ValueError('ä')
